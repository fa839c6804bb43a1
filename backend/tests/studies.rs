//! Studies from outside: a real run of a tiny model on the embedded sample, killed at random
//! moments, damaged, locked and put where nothing can be written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A model of a few thousand numbers, in the repository for the parity tests.
fn tiny_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/gemma3/single")
}

fn specification(directory: &Path) -> PathBuf {
    let path = directory.join("tiny.toml");
    let model = fs::canonicalize(tiny_model()).unwrap();
    let text = format!(
        r#"
name = "tiny"
model = "{0}"
data = "sample"
strategies = ["zs", "x-ft", "m-ft"]
languages = ["de", "zh"]
seeds = [1, 2]
template = "plain"
generations = 2
max_new_tokens = 6
scorers = ["ngram", "lexicon"]
bootstrap = 50
splits = {{ toxic-test = 4, neutral-test = 3 }}
perplexity = {{ model = "{0}", conditional = true, held_out = true }}
training = {{ rank = 2, epochs = 4, batch_size = 2, gradient_accumulation = 1, checkpoint_every = 3 }}
"#,
        model.display()
    );
    fs::write(&path, text).unwrap();
    path
}

fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command
        .env("POLYDETOX_HOME", home)
        .env_remove("POLYDETOX_DEVICE")
        .arg("study")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    program(home, arguments).output().unwrap()
}

fn begin(home: &Path, specification: &Path) -> Child {
    let arguments = ["run", specification.to_str().unwrap(), "--device", "cpu"];
    program(home, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(home: &Path, specification: &Path) -> Output {
    let arguments = [
        "run",
        specification.to_str().unwrap(),
        "--device",
        "cpu",
        "--json",
    ];
    let output = run(home, &arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    output
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_type<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|event| event["type"] == kind)
        .collect()
}

/// Everything of the results that is to be the same, as it is written.
fn matrices(home: &Path) -> String {
    let output = run(home, &["export", "tiny", "--format", "json"]);
    assert!(output.status.success());
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hashes: Vec<&Value> = whole["provenance"]["adapters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|adapter| &adapter["sha256"])
        .collect();
    format!("{} {:?}", whole["matrices"], hashes)
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Pieces that are stored: whole, whatever happened to the process.
fn pieces(home: &Path) -> usize {
    let mut found = Vec::new();
    let study = home.join("studies/tiny");
    if study.is_dir() {
        files(&study, &mut found);
    }
    let stored = found.iter().filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let below = path.strip_prefix(&study).unwrap();
        let hidden = below
            .components()
            .any(|part| part.as_os_str().to_str().unwrap().starts_with('.'));
        // A temporary file of a killed process is no piece.
        (name.ends_with(".jsonl") || name == "record.json") && !hidden
    });
    let stored: Vec<&PathBuf> = stored.collect();
    for path in &stored {
        if path.extension().is_some_and(|end| end == "jsonl") {
            let text = fs::read_to_string(path).unwrap();
            let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            let lines = text.lines().count() - 1;
            assert_eq!(header["lines"], lines, "{}", path.display());
        }
    }
    stored.len()
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn killed_at_random(kills: usize) {
    let reference = tempfile::tempdir().unwrap();
    let spec = specification(reference.path());
    let begun = Instant::now();
    finish(reference.path(), &spec);
    let whole_run = begun.elapsed();
    let expected = matrices(reference.path());

    let home = tempfile::tempdir().unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut stored = 0;
    let mut unfinished = 0;
    for _ in 0..kills {
        let mut child = begin(home.path(), &spec);
        let most = u64::try_from(whole_run.as_millis()).unwrap() / 2;
        std::thread::sleep(Duration::from_millis(20 + dice.below(most.max(1))));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = pieces(home.path());
        assert!(now >= stored, "{now} pieces where there were {stored}");
        stored = now;
        if !home.path().join("studies/tiny/results.jsonl").exists() {
            unfinished += 1;
        } else if dice.below(2) == 0 {
            // Done already: from the beginning, so that every kill is one of an unfinished study.
            fs::remove_dir_all(home.path().join("studies")).unwrap();
            stored = 0;
        }
    }
    assert!(unfinished > 0, "no kill came in time");
    let output = finish(home.path(), &spec);
    let damaged = events(&output);
    assert!(of_type(&damaged, "damaged").is_empty(), "{damaged:?}");
    assert_eq!(matrices(home.path()), expected);
    // Once more: there is nothing left to do, and nothing is done.
    let again = events(&finish(home.path(), &spec));
    assert!(of_type(&again, "stored").is_empty());
    assert_eq!(of_type(&again, "ended")[0]["state"], "finished");
}

#[test]
fn fifty_kills_change_nothing() {
    killed_at_random(50);
}

#[test]
fn damage_is_found_and_made_good() {
    let home = tempfile::tempdir().unwrap();
    let spec = specification(home.path());
    finish(home.path(), &spec);
    let expected = matrices(home.path());
    let study = home.path().join("studies/tiny");
    // A changed byte, a missing file, an adapter that has gone.
    let scores = study.join("scores/zs-seed1/toxic-test-de.jsonl");
    let mut bytes = fs::read(&scores).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(&scores, bytes).unwrap();
    fs::remove_file(study.join("generations/m-ft-seed2/neutral-test-zh.jsonl")).unwrap();
    fs::remove_dir_all(study.join("adapters/x-ft-de-seed1")).unwrap();
    let weights = study.join("adapters/x-ft-zh-seed1/adapter_model.safetensors");
    fs::write(&weights, b"nothing").unwrap();
    let told = events(&finish(home.path(), &spec));
    let damaged: Vec<&str> = of_type(&told, "damaged")
        .iter()
        .map(|event| event["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        damaged,
        [
            "scores/zs-seed1/toxic-test-de.jsonl",
            "adapters/x-ft-zh-seed1"
        ]
        .to_vec()
    );
    assert_eq!(of_type(&told, "stored").len(), 4, "only what was hurt");
    assert_eq!(matrices(home.path()), expected);
}

#[test]
fn a_finished_study_outlives_its_state_and_its_scorers() {
    let home = tempfile::tempdir().unwrap();
    let spec = specification(home.path());
    finish(home.path(), &spec);
    let expected = matrices(home.path());
    let study = home.path().join("studies/tiny");
    // As if another version had scored and put them together.
    let mut found = Vec::new();
    files(&study.join("scores"), &mut found);
    let scored = found.len();
    found.push(study.join("results.jsonl"));
    for path in &found {
        let text = fs::read_to_string(path).unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        let mut header: Value = serde_json::from_str(header).unwrap();
        header["key"] = "0".repeat(64).into();
        fs::write(path, format!("{header}\n{body}")).unwrap();
    }
    assert_eq!(matrices(home.path()), expected);
    let told = events(&finish(home.path(), &spec));
    assert_eq!(of_type(&told, "stored").len(), scored + 1);
    assert_eq!(matrices(home.path()), expected);
    // A state that cannot be read is told of, and nothing is done again.
    fs::write(study.join("state.json"), "{\"state\": 7}").unwrap();
    let told = events(&finish(home.path(), &spec));
    let damaged = of_type(&told, "damaged");
    assert_eq!(damaged.len(), 1, "{told:?}");
    assert_eq!(damaged[0]["file"], "state.json");
    assert!(of_type(&told, "stored").is_empty());
    assert_eq!(matrices(home.path()), expected);
    // A start that cannot begin leaves it finished.
    let arguments = ["run", "tiny", "--device", "nowhere"];
    assert!(!run(home.path(), &arguments).status.success());
    let status = run(home.path(), &["status", "tiny", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["summary"]["state"], "finished");
}

#[test]
fn one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let spec = specification(home.path());
    let mut first = begin(home.path(), &spec);
    let lock = home.path().join("studies/tiny/live.json");
    let begun = Instant::now();
    while !lock.exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = run(
        home.path(),
        &["run", spec.to_str().unwrap(), "--device", "cpu"],
    );
    let errors = String::from_utf8_lossy(&second.stderr).into_owned();
    let status = run(home.path(), &["status", "tiny", "--json"]);
    let running: Value = serde_json::from_slice(&status.stdout).unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("another process is working on the study `tiny`"),
        "{errors}"
    );
    assert!(errors.contains("help: "), "{errors}");
    assert_eq!(running["summary"]["state"], "running");
    let status = run(home.path(), &["status", "tiny", "--json"]);
    let killed: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(killed["summary"]["state"], "interrupted");
}

#[test]
fn mistakes_are_named() {
    let home = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], status: i32, reason: &str| {
        let output = run(home.path(), arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {errors}"
        );
        assert!(errors.contains(reason), "{arguments:?}: {errors}");
    };
    refused(
        &["run", "nothing"],
        2,
        "there is no study `nothing`; known are quick, sample, paper, as-published",
    );
    refused(
        &["show", "quick"],
        2,
        "there is no study `quick`; known are example-quick",
    );
    refused(&["run", "quick"], 2, "--data DIR");
    refused(&["run", "missing.toml"], 2, "missing.toml");
    let spec = specification(home.path());
    let wrong = home.path().join("wrong.toml");
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&wrong, text.replace("seeds = [1, 2]", "seeds = []")).unwrap();
    refused(
        &["run", wrong.to_str().unwrap()],
        2,
        "`seeds`: must not be empty",
    );
    fs::write(&wrong, text.replace("bootstrap", "botstrap")).unwrap();
    refused(&["run", wrong.to_str().unwrap()], 2, "botstrap");
    fs::write(
        &wrong,
        text.replace("[\"ngram\", \"lexicon\"]", "[\"oracle\"]"),
    )
    .unwrap();
    refused(
        &["run", wrong.to_str().unwrap()],
        1,
        "there is no scorer `oracle`",
    );
    // Nothing of these has left a study behind.
    assert!(!home.path().join("studies").exists());
    let made = run(home.path(), &["new", spec.to_str().unwrap()]);
    assert!(made.status.success());
    refused(&["show", "tiny"], 1, "has no results yet: 0 of");
    refused(
        &["run", "tiny", "--seeds", "7"],
        1,
        "there already is a study `tiny` with other settings: seeds",
    );
    fs::write(
        home.path().join("studies/tiny/study.json"),
        "{\"format\": 0}",
    )
    .unwrap();
    refused(&["run", "tiny"], 1, "layout 0; this one has layout 1");
}

#[cfg(unix)]
#[test]
fn where_nothing_can_be_written_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let spec = specification(home.path());
    finish(home.path(), &spec);
    let expected = matrices(home.path());
    let study = home.path().join("studies/tiny");
    // As if it had not finished; that would stay so whatever becomes of another run.
    fs::remove_file(study.join("state.json")).unwrap();
    // Rights do not stop the superuser; a file in the place of a directory stops everybody.
    let scores = study.join("scores");
    let aside = study.join("aside");
    fs::rename(&scores, &aside).unwrap();
    fs::write(&scores, b"in the way").unwrap();
    let arguments = ["run", spec.to_str().unwrap(), "--device", "cpu"];
    let output = run(home.path(), &arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("scores"), "{errors}");
    assert!(
        errors.contains("nothing that was stored is lost"),
        "{errors}"
    );
    let status = run(home.path(), &["status", "tiny", "--json"]);
    let failed: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(failed["summary"]["state"], "failed");
    assert!(
        failed["summary"]["failure"]
            .as_str()
            .unwrap()
            .contains("scores")
    );
    fs::remove_file(&scores).unwrap();
    fs::rename(&aside, &scores).unwrap();
    finish(home.path(), &spec);
    assert_eq!(matrices(home.path()), expected);
}
