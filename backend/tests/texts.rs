//! Commands that read texts read them alike, from files of every form and from stdin. What needs a
//! model runs on the small one of the hub, or on that which `POLYDETOX_TEST_MODEL` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A directory with files of texts, where the program runs.
struct Place {
    home: tempfile::TempDir,
}

/// What a run left: status, stdout, stderr.
struct Ran(i32, String, String);

impl Place {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(home.path().join(name), content).unwrap();
        }
        Self { home }
    }

    fn run(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backend"))
            .args(arguments)
            .current_dir(self.home.path())
            .env("POLYDETOX_HOME", self.home.path().join("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read it may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran(
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// The texts that `score toxicity` finds.
    fn texts(&self, arguments: &[&str], stdin: &[u8]) -> Vec<String> {
        let start = ["score", "toxicity", "-l", "en", "--scorer", "lexicon"];
        let Ran(status, found, said) = self.run(&[&start[..], arguments].concat(), stdin);
        assert_eq!(status, 0, "{arguments:?}: {said}");
        found
            .lines()
            .map(|line| line.split('\t').nth(3).unwrap().to_owned())
            .collect()
    }
}

fn model() -> Option<PathBuf> {
    let model = std::env::var_os("POLYDETOX_TEST_MODEL")
        .map(PathBuf::from)
        .or_else(|| {
            let home = match std::env::var_os("POLYDETOX_HOME") {
                Some(home) => PathBuf::from(home),
                None => dirs::data_dir()?.join("polydetox"),
            };
            let files = std::fs::read_dir(home.join("models/smollm2-135m-instruct")).ok()?;
            let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
            paths.find(|path| path.extension().is_some_and(|end| end == "gguf"))
        });
    if model.is_none() {
        println!("skipped: `backend models pull smollm2-135m-instruct` fetches the model");
    }
    model
}

const JSON: &[u8] =
    b"{\"text\": \"one\", \"body\": \"two\"}\n{\"text\": \"three\", \"body\": \"four\"}\n";
const CSV: &[u8] = b"id,text,body\n1,one,two\n2,\"three, or\",four\n";

#[test]
fn what_is_piped_is_read_as_it_is_said_to_be() {
    let place = Place::new(&[("b.csv", CSV), ("B.CSV", CSV), ("c.txt", JSON)]);
    assert_eq!(place.texts(&["--format", "jsonl"], JSON), ["one", "three"]);
    assert_eq!(
        place.texts(&["--format", "jsonl", "--field", "body"], JSON),
        ["two", "four"]
    );
    assert_eq!(
        place.texts(&["--format", "csv", "-"], CSV),
        ["one", "three, or"]
    );
    assert_eq!(
        place.texts(&["--format", "csv", "--column", "body"], CSV),
        ["two", "four"]
    );
    for name in ["b.csv", "B.CSV"] {
        assert_eq!(place.texts(&[name], b""), ["one", "three, or"]);
    }
    assert_eq!(
        place.texts(&["c.txt", "--format", "jsonl"], b""),
        ["one", "three"]
    );
}

#[test]
fn a_field_that_cannot_apply_is_refused_and_json_as_lines_is_told() {
    let place = Place::new(&[("a.txt", b"one\n"), ("b.csv", CSV)]);
    for (arguments, said) in [
        (
            &["--field", "body"][..],
            "`--field body`: - is read as lines",
        ),
        (
            &["b.csv", "a.txt", "--field", "body"],
            "a.txt is read as lines",
        ),
        (&["-t", "x", "--field", "body"], "only --text is given"),
        (&["-t", "x", "--format", "csv"], "only --text is given"),
    ] {
        let start = ["score", "toxicity", "-l", "en"];
        let Ran(status, found, error) = place.run(&[&start[..], arguments].concat(), JSON);
        assert_eq!((status, found.as_str()), (2, ""), "{error}");
        assert!(error.contains(said), "{error}");
    }
    let arguments = ["score", "toxicity", "-l", "en"];
    let Ran(status, _, said) = place.run(&arguments, JSON);
    assert_eq!(status, 0);
    assert!(
        said.contains("the first is a JSON object; --format jsonl"),
        "{said}"
    );
}

/// Before the model is looked for: there is none in this place.
#[test]
fn prompts_and_training_texts_are_read_like_all_others() {
    let place = Place::new(&[
        ("latin.txt", b"gut\nsch\xf6n\n"),
        ("utf16.txt", b"\xff\xfeg\0u\0t\0"),
        ("fake.parquet", b"one\ntwo\n"),
        ("quote.csv", b"id,text\n1,\"never closed\n2,b\n"),
        ("other.csv", b"id,body\n1,b\n"),
        ("empty.txt", b"\n\n"),
    ]);
    for (file, said) in [
        ("latin.txt", "latin.txt:2:4: not UTF-8"),
        ("utf16.txt", "this is UTF-16"),
        ("fake.parquet", "this parquet file cannot be read"),
        (
            "quote.csv",
            "quote.csv:2:2: the quote that opens here is never closed",
        ),
        ("other.csv", "it has id, body"),
        ("empty.txt", "there is no text in it"),
        ("none.txt", "none.txt"),
    ] {
        for arguments in [
            &["generate", "--prompt-file", file][..],
            &["train", "sft", "-o", "x", "--data", file],
        ] {
            let Ran(status, found, error) = place.run(arguments, b"");
            assert_eq!((status, found.as_str()), (1, ""), "{arguments:?}: {error}");
            assert!(error.contains(said), "{arguments:?}: {error}");
        }
    }
    for (arguments, said) in [
        (
            &["generate", "-p", "a", "--field", "b"][..],
            "no --prompt-file",
        ),
        (
            &[
                "train",
                "sft",
                "-o",
                "x",
                "--data",
                "latin.txt",
                "--language",
                "de",
            ],
            "`--language` chooses among",
        ),
        (
            &["train", "sft", "-o", "x", "--data", ".", "--format", "csv"],
            "pairs in a directory",
        ),
    ] {
        let Ran(status, _, error) = place.run(arguments, b"");
        assert_eq!(status, 2, "{error}");
        assert!(error.contains(said), "{error}");
    }
    let Ran(status, _, error) = place.run(&["perplexity"], b"");
    assert_eq!(status, 1);
    assert!(error.contains("-: there is no text in it"), "{error}");
}

#[test]
fn bad_rows_are_all_told_and_hide_no_later_file() {
    let bad = b"{\"text\": \"a\"}\n5\n{\"text\":\n{\"x\": 1}\n{\"text\": \"b\"}\n[1]\n";
    let place = Place::new(&[
        ("bad.jsonl", bad),
        ("quote.csv", b"id,text\n1,c\n2,\"never closed\n3,b\n"),
        ("other.csv", b"id,body\n1,b\n"),
        ("good.jsonl", JSON),
    ]);
    let arguments = ["score", "toxicity", "-l", "en", "--json", "bad.jsonl"];
    let files = ["none.txt", "quote.csv", "other.csv", "good.jsonl"];
    let Ran(status, found, said) = place.run(&[&arguments[..], &files].concat(), b"");
    assert_eq!(status, 1);
    for part in [
        "bad.jsonl:2: a number",
        "bad.jsonl:3:8: EOF",
        "bad.jsonl:4: there is no text in `text`; it has x",
        "bad.jsonl:6: an array",
        "none.txt: ",
        "quote.csv:3:2: the quote that opens here is never closed",
        "other.csv: there is no column `text`; it has id, body",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // What can be read is scored, with the name of its file.
    let lines: Vec<(String, u64)> = found
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            let file = line["file"].as_str().unwrap().to_owned();
            (file, line["line"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        ("bad.jsonl", 1),
        ("bad.jsonl", 5),
        ("quote.csv", 2),
        ("good.jsonl", 1),
        ("good.jsonl", 2),
    ];
    assert_eq!(lines, expected.map(|(file, line)| (file.to_owned(), line)));
}

#[test]
fn every_text_is_one_line_of_output() {
    let text = "{\"text\": \"one\\ntwo\\u202e\\u0007\\t\"}\n";
    let place = Place::new(&[("a.jsonl", text.as_bytes())]);
    assert_eq!(place.texts(&["a.jsonl"], b""), [r"one\ntwo\u{202e}\u{7}\t"]);
    assert_eq!(place.texts(&["-t", "a\r\nb"], b""), [r"a\r\nb"]);
}

#[test]
fn a_word_list_is_used_but_for_what_cannot_be() {
    let place = Place::new(&[]);
    let lists = place.home.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    std::fs::write(lists.join("en"), "fool\n").unwrap();
    std::fs::write(lists.join("zh"), "13.\n乳\n笨蛋\n").unwrap();
    let arguments = [
        "score",
        "toxicity",
        "-l",
        "zh",
        "--scorer",
        "lexicon",
        "--scorer-file",
    ];
    let Ran(status, found, said) = place.run(
        &[&arguments[..], &["lists", "-t", "你这个笨蛋"]].concat(),
        b"",
    );
    assert_eq!(status, 0, "{said}");
    assert!(found.starts_with("0.6667\t"), "{found}");
    let list = Path::new("lists").join("zh");
    let list = list.display();
    assert!(
        said.contains(&format!(
            "{list}: 2 entries are left out; the first: line 1: `13.`"
        )),
        "{said}"
    );
}

#[test]
fn every_line_has_its_perplexity() {
    let Some(model) = model() else { return };
    let model = model.to_str().unwrap();
    let place = Place::new(&[
        ("bom.txt", "\u{feff}The sky is blue.\n".as_bytes()),
        ("plain.txt", b"The sky is blue.\n"),
        ("b.csv", b"id,text\n1,The sky is blue.\n"),
        ("mixed.txt", b"The sky is blue.\n\xff\n"),
    ]);
    let run = |arguments: &[&str], stdin: &[u8]| {
        let start = [
            "score",
            "perplexity",
            "--json",
            "--device",
            "cpu",
            "--model",
            model,
        ];
        let Ran(status, found, said) = place.run(&[&start[..], arguments].concat(), stdin);
        let lines: Vec<Value> = found
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (status, lines, said)
    };
    let (status, lines, said) = run(&[], b"The sky is blue.\n\n \nBlue sky the is.\n");
    assert_eq!(status, 0, "{said}");
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let score = lines[0]["score"].as_f64().unwrap();
    assert!(score > 1.0 && score < lines[3]["score"].as_f64().unwrap());
    assert_eq!(lines[0]["score"], lines[0]["perplexity"]);
    assert!(lines[0]["tokens"].as_u64().unwrap() > 2 && lines[0]["log_likelihood"].is_f64());
    for line in &lines[1..3] {
        assert!(line["score"].is_null());
        assert_eq!(line["reason"], "there is no text in it");
    }
    let total = said.lines().find(|line| line.starts_with('{')).unwrap();
    let total: Value = serde_json::from_str(total).unwrap();
    assert_eq!(total["texts"], 2);
    assert_eq!(total["provenance"]["sha256"].as_str().unwrap().len(), 64);

    // The same text is the same number of tokens, whatever it lies in.
    let files = ["plain.txt", "bom.txt", "b.csv", "mixed.txt"];
    let (status, lines, said) = run(&files, b"");
    assert_eq!(status, 1);
    assert!(said.contains("mixed.txt:2:1: not UTF-8"), "{said}");
    assert_eq!(lines.len(), 4);
    for (line, file) in lines.iter().zip(files) {
        assert_eq!(
            (&line["tokens"], &line["text"]),
            (&lines[0]["tokens"], &lines[0]["text"])
        );
        assert_eq!(line["file"], file);
    }
}
