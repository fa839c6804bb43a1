//! Files that are larger than what the program may have in memory, and files that are wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command.env("POLYDETOX_HOME", home);
    command
}

fn run(home: &Path, arguments: &[&str]) -> (Output, String) {
    let output = program(home).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (output, said)
}

/// Most memory that the program had, in bytes: what Linux says while it runs.
#[cfg(target_os = "linux")]
fn peak(mut command: Command) -> u64 {
    use std::time::Duration;

    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        most = most.max(kilobytes.map_or(0, |number| number.parse().unwrap()));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(ended.success(), "{ended}");
    most * 1024
}

/// The same program on a large file must not need more than on a small one: a third of the file's
/// size is far more than the difference between runs, and far less than the file.
#[cfg(target_os = "linux")]
#[test]
fn large_files_pass_through_little_memory() {
    const SIZE: usize = 50 << 20;
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("data/cold_zh");
    std::fs::create_dir_all(&place).unwrap();
    let write = |name: &str, size: usize| {
        let path = place.join(name);
        let mut file = BufWriter::new(File::create(&path).unwrap());
        file.write_all(b"split,topic,label,TEXT\n").unwrap();
        let mut written = 0;
        for number in 0.. {
            // Long lines: fewer of them are scored.
            let text = "Lorem ipsum dolor sit amet ".repeat(100);
            let line = format!("x,y,{},\"{number} {text}\"\n", number % 2);
            file.write_all(line.as_bytes()).unwrap();
            written += line.len();
            if written >= size {
                break;
            }
        }
        file.flush().unwrap();
        path
    };
    for name in ["dev.csv", "test.csv"] {
        write(name, 1);
    }
    let measure = |size: usize| {
        let file = write("train.csv", size);
        let mut check = program(home.path());
        check.args(["data", "check", "cold_zh"]);
        let mut score = program(home.path());
        score.args([
            "score",
            "toxicity",
            "--language",
            "en",
            "--scorer",
            "lexicon",
        ]);
        score.args(["--field", "TEXT"]).arg(file);
        (peak(check), peak(score))
    };
    // More than one batch, so that what a batch needs is in both.
    let small = measure(12 << 20);
    let large = measure(SIZE);
    for (small, large) in [(small.0, large.0), (small.1, large.1)] {
        assert!(small > 0);
        assert!(
            large < small + SIZE as u64 / 3,
            "{} MB on the small file, {} MB on the large one",
            small >> 20,
            large >> 20
        );
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = home.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mixed = write("mixed.txt", b"gut\nsch\xf6n\ngut\n");
    let columns = write("columns.csv", b"a,b\n1,2\n");
    let table = write("table.parquet", b"PAR1 and then nothing");
    let other = write("utf16.txt", b"\xff\xfeg\0u\0t\0");
    let mut long = vec![b'x'; 10 << 20];
    long.extend_from_slice(b"\ngut\n");
    let long = write("long.txt", &long);
    for (file, lines, said) in [
        (&mixed, 2, "mixed.txt:2:4: not UTF-8"),
        (&columns, 0, "there is no column `text`; it has a, b"),
        (&table, 0, "table.parquet: this parquet file cannot be read"),
        (&other, 0, "utf16.txt: this is UTF-16"),
        (&long, 1, "long.txt:1: the line is longer than 1 MiB"),
    ] {
        let (output, error) = run(home.path(), &["score", "toxicity", "-l", "de", file]);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(said), "{error}");
        // What can be read is scored.
        let scored = output.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(scored, lines, "{file}");
    }
    let (output, error) = run(home.path(), &["score", "toxicity", "-l", "am", &mixed]);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("am"), "{error}");
}

#[test]
fn a_table_of_one_s_own_is_checked_by_its_columns() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("posts.csv");
    std::fs::write(&file, "comment,class\na,1\nb,0\nc,2\n").unwrap();
    let file = file.to_str().unwrap();
    let check = |more: &[&str]| {
        let start = [
            "data",
            "check",
            "--file",
            file,
            "--languages",
            "de",
            "--text",
            "comment",
        ];
        run(home.path(), &[&start[..], more].concat())
    };
    let (output, error) = check(&["--label", "class", "--toxic", "1,2"]);
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(
        found.ends_with("posts.csv: 2 toxic, 1 clean\n"),
        "{found}{error}"
    );
    let (_, error) = check(&["--label", "class", "--toxic", "1", "--clean", "0"]);
    assert!(
        error.contains("posts.csv:4: `2` in `class` is no label"),
        "{error}"
    );
    let (_, error) = check(&["--label", "kind", "--toxic", "1"]);
    assert!(
        error.contains("there is no column `kind`; it has comment, class"),
        "{error}"
    );
}

#[test]
fn control_and_bidi_characters_and_empty_files_are_found() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("data/multiparadetox");
    std::fs::create_dir_all(&place).unwrap();
    let write = |split: &str, side: &str, content: &str| {
        std::fs::write(place.join(format!("de_{split}_{side}.csv")), content).unwrap();
    };
    for split in ["train", "test"] {
        write(split, "toxic", &format!("grob {split}\n"));
        write(split, "neutral", "fein\u{202e}\n");
    }
    write("train", "toxic", "gr\u{7}ob\n");
    // A line break in a sentence: the twin of line 1 and the next sentence are not on the same line.
    write("test", "toxic", "\"grob\ntest\"\ngrob\n");
    write("test", "neutral", "fein\nfein\u{202e}\n");
    let check = ["data", "check", "multiparadetox", "--languages", "de"];
    let (output, error) = run(home.path(), &check);
    assert!(output.status.success(), "{error}");
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(
        found.contains("de_train_toxic.csv:1: control character (toxic: U+0007)"),
        "{found}"
    );
    assert!(
        found.contains("de_test_neutral.csv:2: bidi character (neutral: U+202E)"),
        "{found}"
    );
    write("test", "neutral", "");
    let (output, error) = run(home.path(), &check);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("de_test_neutral.csv: there is no text in it"),
        "{error}"
    );
}
