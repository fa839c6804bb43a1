//! `backend data` and `scorer` from outside: what is told of data sets, and of what is made of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_backend"))
        .args(arguments)
        .env("POLYDETOX_HOME", home)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The pairs of a language, six for training and one for testing.
fn write_pairs(place: &Path, language: &str) {
    std::fs::create_dir_all(place).unwrap();
    for (side, train, test) in [
        (
            "toxic",
            "you stupid fool number",
            "get out of my sight you fool",
        ),
        (
            "neutral",
            "you made a mistake number",
            "please leave me alone now",
        ),
    ] {
        let rows: String = (1..7).map(|number| format!("{train} {number}\n")).collect();
        std::fs::write(place.join(format!("{language}_train_{side}.csv")), rows).unwrap();
        let rows = format!("{test}\n");
        std::fs::write(place.join(format!("{language}_test_{side}.csv")), rows).unwrap();
    }
}

#[test]
fn what_is_wrong_is_told_of_every_file() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("data/multiparadetox");
    write_pairs(&place, "de");
    write_pairs(&place, "es");
    write_pairs(&place, "en");
    for name in [
        "de_train_toxic.csv",
        "de_test_neutral.csv",
        "es_train_toxic.csv",
    ] {
        std::fs::write(place.join(name), b"a\n\xff\n").unwrap();
    }
    std::fs::remove_file(place.join("es_test_toxic.csv")).unwrap();
    let check = ["data", "check", "multiparadetox", "--languages", "de,en,es"];
    let (status, found, said) = run(home.path(), &check);
    assert_eq!(status, 1);
    for part in [
        "de_train_toxic.csv:2:1: this field is not UTF-8",
        "de_test_neutral.csv:2:1: this field is not UTF-8",
        "es_train_toxic.csv:2:1: this field is not UTF-8",
        "es_test_toxic.csv: the file is missing",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(found.contains("en: 6 train and 1 test pairs"), "{found}");

    let place = home.path().join("data/cold_zh");
    std::fs::create_dir_all(&place).unwrap();
    for name in ["train.csv", "dev.csv", "test.csv"] {
        let rows = "split,topic,label,TEXT\na,b,1,x\na,b\n";
        std::fs::write(place.join(name), rows).unwrap();
    }
    let (status, _, said) = run(home.path(), &["data", "check", "cold_zh"]);
    assert_eq!(
        (status, said.matches(":3: 2 fields, not 4").count()),
        (1, 3),
        "{said}"
    );
}

#[test]
fn what_is_remarkable_is_told_of_every_kind_of_set() {
    let home = tempfile::tempdir().unwrap();
    write_pairs(&home.path().join("data/multiparadetox"), "en");
    let words = home.path().join("data/ldnoobw");
    std::fs::create_dir_all(&words).unwrap();
    for language in ["ar", "de", "en", "es", "hi", "ru", "zh"] {
        std::fs::write(words.join(language), "eins\n\nzwei\neins\n").unwrap();
    }
    let check = ["data", "check", "ldnoobw", "--languages", "de"];
    let (status, found, said) = run(home.path(), &check);
    assert_eq!(status, 0, "{said}");
    assert!(
        found.contains("3 toxic, 0 clean; 2 findings: duplicate 1, empty row 1"),
        "{found}"
    );
    assert!(
        found.contains("de:2: empty row") && found.contains("de:4: duplicate (as "),
        "{found}"
    );
    let (_, found, _) = run(home.path(), &[&check[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        (&report["name"], &report["licence"]),
        (&"ldnoobw".into(), &"CC-BY-4.0".into())
    );
    assert_eq!(report["files"][0]["findings"][0]["line"], 2);

    let file = home.path().join("POSTS.TXT");
    let rows = "text\nget out of my sight, you fool!\nпривет всем\nfine\u{7}\nfine\u{7}\n";
    std::fs::write(&file, rows).unwrap();
    let file = file.to_str().unwrap();
    let check = [
        "data",
        "check",
        "--file",
        file,
        "--format",
        "csv",
        "--languages",
        "en",
    ];
    // The comma makes two fields of the first.
    let (status, _, said) = run(home.path(), &check);
    assert_eq!(status, 1);
    assert!(said.contains("POSTS.TXT:2: 2 fields, not 1"), "{said}");
    std::fs::write(file, rows.replacen(',', "", 1)).unwrap();
    let (status, found, said) = run(home.path(), &check);
    assert_eq!(status, 0, "{said}");
    for part in [
        "POSTS.TXT:2: in the test part (multiparadetox, toxic side, test line 1)",
        "POSTS.TXT:3: wrong script (rus)",
        "POSTS.TXT:4: control character (U+0007)",
        "POSTS.TXT:5: duplicate (as ",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
}

#[test]
fn the_sample_is_a_set_like_the_others() {
    let home = tempfile::tempdir().unwrap();
    let (status, found, said) = run(home.path(), &["data", "check", "sample", "--json"]);
    assert_eq!(status, 0, "{said}");
    let report: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        (&report["name"], &report["licence"]),
        (&"sample".into(), &"MIT OR Apache-2.0".into())
    );
    assert_eq!(report["pairs"].as_array().unwrap().len(), 7);
    let (status, found, _) = run(home.path(), &["data", "show", "sample", "-n", "2"]);
    assert_eq!((status, found.lines().count()), (0, 3));
    let (status, found, _) = run(home.path(), &["data", "pull", "sample"]);
    assert_eq!(status, 0);
    assert!(found.contains("built into the program"), "{found}");
    let (_, found, _) = run(home.path(), &["data", "list", "--json"]);
    let list: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[0]["embedded"]),
        (&"sample".into(), &true.into())
    );
    assert_eq!(list[1]["name"], "multiparadetox");
}

#[test]
fn training_a_scorer_says_what_it_does_in_each_language() {
    let home = tempfile::tempdir().unwrap();
    for language in ["de", "es"] {
        write_pairs(&home.path().join("sets/multiparadetox"), language);
    }
    let sets = home.path().join("sets");
    let out = home.path().join("model.bin");
    let mut train = vec!["scorer", "train", "--data", sets.to_str().unwrap()];
    train.extend(["--languages", "de,es", "--out", out.to_str().unwrap()]);
    for name in [
        "germeval2018",
        "tatoeba",
        "ldnoobw",
        "rtplx_prompts",
        "written",
    ] {
        train.extend(["--without", name]);
    }
    let (status, _, said) = run(home.path(), &train);
    assert_eq!(status, 0, "{said}");
    for language in ["de", "es"] {
        for part in ["reading its texts", "fitting to 12 examples", "done after"] {
            assert!(said.contains(&format!("{language}: {part}")), "{said}");
        }
    }
}

#[test]
fn the_list_of_scorers_has_the_probe_that_was_trained() {
    let home = tempfile::tempdir().unwrap();
    let probe = || {
        let (status, found, said) = run(home.path(), &["scorer", "list", "--json"]);
        assert_eq!(status, 0, "{said}");
        let list: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(list[1]["hash"].as_str().unwrap().len(), 12);
        (list[2].clone(), said)
    };
    assert!(probe().0["hash"].is_null());
    let file = home.path().join("scorers/probe.json");
    std::fs::create_dir(home.path().join("scorers")).unwrap();
    let text = format!(
        "{{\"format\": 1, \"version\": \"0.0.7\", \"model\": \"tiny\", \"model_sha256\": \"{}\", \
         \"model_weights\": \"f32\", \"languages\": [\"de\"], \"sources\": [], \"texts\": [1, 2], \
         \"penalty\": 0.1, \"cross_validated_auc\": 0.5, \"weights\": [0.5], \"bias\": 0.0}}",
        "0".repeat(64)
    );
    std::fs::write(&file, text).unwrap();
    let (found, _) = probe();
    assert_eq!(
        (&found["version"], &found["languages"][0]),
        (&"0.0.7".into(), &"de".into())
    );
    assert_eq!(found["hash"].as_str().unwrap().len(), 12);
    std::fs::write(&file, "{").unwrap();
    let (found, said) = probe();
    assert!(
        found["hash"].is_null() && said.contains("probe.json"),
        "{said}"
    );
}
