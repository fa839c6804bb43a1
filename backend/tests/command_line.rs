//! The program from outside: exit statuses, streams, signals. The parts that need a real model run
//! on the small one of the hub (`cargo xtask test` fetches it), or on that which
//! `POLYDETOX_TEST_MODEL` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    for name in ["POLYDETOX_TOKEN", "POLYDETOX_LISTEN", "POLYDETOX_DEVICE"] {
        command.env_remove(name);
    }
    let nowhere = std::env::temp_dir().join("polydetox-test-without-models");
    command.env("POLYDETOX_HOME", nowhere);
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn model() -> Option<OsString> {
    let model = std::env::var_os("POLYDETOX_TEST_MODEL").or_else(|| {
        let home = match std::env::var_os("POLYDETOX_HOME") {
            Some(home) => PathBuf::from(home),
            None => dirs::data_dir()?.join("polydetox"),
        };
        let files = std::fs::read_dir(home.join("models/smollm2-135m-instruct")).ok()?;
        let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
        let gguf = paths.find(|path| path.extension().is_some_and(|end| end == "gguf"))?;
        Some(gguf.into_os_string())
    });
    if model.is_none() {
        println!("skipped: `backend models pull smollm2-135m-instruct` fetches the model");
    }
    model
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn mistakes_on_the_command_line_end_with_status_2() {
    for arguments in [
        &["generate"][..],
        &["generate", "--prompt", "a", "--temperature", "9"],
        &["generate", "--prompt", "a", "--max-new-tokens", "0"],
        &["generate", "--prompt", "a", "--prompt-file", "b"],
        &["generate", "--prompt", "", "--device", "cpu"],
        &["generate", "--prompt", "a", "--device", "abacus"],
        &["generate", "--prompt", "a", "--logprobs", "1"],
        &["serve", "--listen", "0.0.0.0:0"],
        &["serve", "--listen", "[::]:0"],
        &["serve", "--listen", "nonsense"],
        &["serve", "--listen", "127.0.0.1:0", "--slots", "0"],
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--web-dir",
            "no-such-directory",
        ],
        &["dance"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(text(&output.stderr).contains("error:"), "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_done_ends_with_status_1_and_says_what_to_do() {
    for (arguments, said) in [
        (
            &["generate", "--prompt", "a"][..],
            "backend models pull gemma-3-270m",
        ),
        (
            &["generate", "--prompt", "a", "--model", "nobody"],
            "there is no model `nobody`",
        ),
        (
            &["generate", "--prompt-file", "no-such-file"],
            "no-such-file",
        ),
        (
            &["perplexity", "--text", "a"],
            "backend models pull gemma-3-270m",
        ),
        (
            &["serve", "--listen", "127.0.0.1:0", "--model", "nobody"],
            "nobody",
        ),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn every_subcommand_explains_itself() {
    for subcommand in ["generate", "perplexity", "serve", "devices", "models"] {
        let output = run(&[subcommand, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            text(&output.stdout).contains("Usage: backend"),
            "{subcommand}"
        );
    }
}

#[test]
fn the_processor_is_among_the_devices() {
    let output = run(&["devices", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let first: serde_json::Value =
        serde_json::from_str(text(&output.stdout).lines().next().unwrap()).unwrap();
    assert_eq!(first["name"], "cpu");
    assert!(first["memory_bytes"].as_u64().unwrap() > 0);
    assert!(first["dtypes"].as_array().unwrap().contains(&"f32".into()));
}

/// A server process that is killed when a test fails.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[OsString]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--device", "cpu"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self {
            address: address.to_owned(),
            child,
        }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        stream
    }

    fn answer(&self, method: &str, path: &str, body: &str) -> String {
        let mut answer = String::new();
        let mut stream = self.send(method, path, body);
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let answer = self.answer("POST", path, &body.to_string());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    fn status(&mut self) -> Option<i32> {
        ended(&mut self.child, Duration::from_secs(12))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

fn ended(child: &mut Child, within: Duration) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < within {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("did not end within {within:?}");
}

#[test]
fn a_server_without_models_serves_and_ends_on_a_signal() {
    for name in ["INT", "TERM"] {
        let mut server = Server::start(&[]);
        assert!(
            server
                .answer("GET", "/health", "")
                .starts_with("HTTP/1.1 200")
        );
        let answer = server.answer("POST", "/api/generate", r#"{"prompt":"a"}"#);
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(
            answer.contains("backend models pull gemma-3-270m"),
            "{answer}"
        );
        server.signal(name);
        assert_eq!(server.status(), Some(0), "{name}");
    }
}

#[test]
fn a_real_model_is_served() {
    let Some(model) = model() else { return };
    let mut server = Server::start(&["--model".into(), model]);
    let mut body = serde_json::json!({"prompt": "The capital of France is", "max_new_tokens": 24,
        "temperature": 0.8, "seed": 11});
    let whole = server.post("/api/generate", &body);
    let completion = whole["completion"].as_str().unwrap();
    assert!(!completion.is_empty());
    assert_eq!(whole["provenance"]["sha256"].as_str().unwrap().len(), 64);

    body["stream"] = true.into();
    let streamed = server.answer("POST", "/api/generate", &body.to_string());
    let joined: String = streamed
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok())
        .filter_map(|event| Some(event["text"].as_str()?.to_owned()))
        .collect();
    assert_eq!(joined, completion);

    let name = whole["provenance"]["model"].clone();
    let body = serde_json::json!({"model": name, "prompt": ["Once upon", "The sky"], "n": 2,
        "seed": 5, "max_tokens": 12});
    let texts = |answer: &serde_json::Value| -> Vec<String> {
        let choices = answer["choices"].as_array().unwrap();
        let text = |choice: &serde_json::Value| choice["text"].as_str().unwrap().to_owned();
        choices.iter().map(text).collect()
    };
    let first = texts(&server.post("/v1/completions", &body));
    assert_eq!(first.len(), 4);
    assert_ne!(first[0], first[1]);
    assert_eq!(texts(&server.post("/v1/completions", &body)), first);

    let body = serde_json::json!({"texts": [
        "The capital of France is Paris.", "France the is capital Paris of of."]});
    let measured = server.post("/api/perplexity", &body);
    let perplexity = |index: usize| measured["texts"][index]["perplexity"].as_f64().unwrap();
    assert!(
        perplexity(0) > 1.0 && perplexity(0) < perplexity(1),
        "{measured}"
    );

    let body = serde_json::json!({"prompt": "word ".repeat(100_000)});
    let refused = server.post("/api/generate", &body);
    assert_eq!(refused["error"]["field"], "prompt", "{refused}");

    // A stream is under way when the server is stopped, and says so at its end.
    let body = r#"{"prompt":"Once","max_new_tokens":8000,"ignore_eos":true,"stream":true}"#;
    let mut stream = server.send("POST", "/api/generate", body);
    let mut some = [0; 512];
    assert!(stream.read(&mut some).unwrap() > 0);
    server.signal("TERM");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("shutting_down"), "{rest}");
    assert_eq!(server.status(), Some(0));
}

#[test]
fn a_file_of_prompts_is_continued_in_its_order() {
    let Some(model) = model() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("prompts.txt");
    std::fs::write(&file, "Once upon a time\n\nThe sky is\nEl perro\n").unwrap();
    let output = |batch: &str| {
        let output = program()
            .args([
                "generate",
                "--json",
                "--device",
                "cpu",
                "--max-new-tokens",
                "6",
            ])
            .args(["--batch-size", batch, "--model"])
            .arg(&model)
            .arg("--prompt-file")
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    };
    let one_by_one = output("1");
    let lines: Vec<serde_json::Value> = one_by_one
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 3, 4]);
    for line in &lines {
        assert_eq!(line["tokens"], 6);
        assert_eq!(line["token_ids"].as_array().unwrap().len(), 6);
        assert_eq!(line["finish_reason"], "length");
        assert!(!line["completion"].as_str().unwrap().is_empty());
    }
    // Greedy: the company in a batch changes nothing.
    assert_eq!(output("3"), one_by_one);
}

#[test]
fn an_interrupt_ends_generation_with_status_130() {
    let Some(model) = model() else { return };
    let mut child = program()
        .args([
            "generate",
            "--device",
            "cpu",
            "--prompt",
            "Once upon a time",
            "--ignore-eos",
        ])
        .args(["--max-new-tokens", "8000", "--model"])
        .arg(&model)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0; 64];
    assert!(out.read(&mut some).unwrap() > 0);
    signal(&child, "INT");
    assert_eq!(ended(&mut child, Duration::from_secs(5)), Some(130));
}

#[test]
fn a_reader_that_has_enough_ends_generation_quietly() {
    let Some(model) = model() else { return };
    let mut child = program()
        .args([
            "generate",
            "--device",
            "cpu",
            "--prompt",
            "Once upon a time",
            "--ignore-eos",
        ])
        .args(["--max-new-tokens", "8000", "--model"])
        .arg(&model)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0; 16];
    assert!(out.read(&mut some).unwrap() > 0);
    drop(out);
    assert_eq!(ended(&mut child, Duration::from_secs(5)), Some(0));
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_probe_is_trained_on_a_model_and_belongs_to_it() {
    let Some(model) = model() else { return };
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let write = |split: &str, side: &str, text: &str, count: usize| {
        let lines: String = (0..count)
            .map(|n| format!("{text} {split} {n}\n"))
            .collect();
        std::fs::write(at(&format!("en_{split}_{side}.csv")), lines).unwrap();
    };
    for (split, count) in [("train", 60), ("test", 1)] {
        write(split, "toxic", "shut up you stupid ugly idiot", count);
        write(split, "neutral", "thank you for the lovely tea", count);
    }
    // What is like the test part is left out of training; this is not.
    std::fs::write(at("en_test_toxic.csv"), "go away\n").unwrap();
    std::fs::write(at("en_test_neutral.csv"), "please leave\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.env("POLYDETOX_HOME", home.path()).args(arguments);
        let output = command.output().unwrap();
        (text(&output.stdout), text(&output.stderr))
    };
    let score = [
        "score",
        "toxicity",
        "-l",
        "en",
        "--as-given",
        "--scorer",
        "probe",
        "-t",
        "you stupid idiot",
        "-t",
        "the tea is lovely",
    ];
    let (_, said) = run(&score);
    assert!(said.contains("the probe has not been trained"), "{said}");

    let data = home.path().to_str().unwrap().to_owned();
    let model = model.to_str().unwrap().to_owned();
    let train = [
        "scorer",
        "train",
        "probe",
        "--data",
        &data,
        "--languages",
        "en",
        "--model",
        &model,
    ];
    let (found, said) = run(&train);
    assert!(
        found.starts_with("60 toxic and 60 clean texts"),
        "{found}{said}"
    );
    let probe = at("scorers/probe.json");
    let first = std::fs::read_to_string(&probe).unwrap();
    let (found, said) = run(&score);
    let scores: Vec<f64> = found
        .lines()
        .map(|line| line.split('\t').next().unwrap().parse().unwrap())
        .collect();
    assert!(
        scores.len() == 2 && scores[0] > 0.5 && scores[1] < 0.5,
        "{found}{said}"
    );

    // It scores in studies too.
    let (spec, said) = run(&[
        "study",
        "new",
        "sample",
        "--languages",
        "en",
        "--strategies",
        "zs",
        "--name",
        "probed",
        "--model",
        &model,
        "--print",
    ]);
    let spec = spec
        .replace("\"lexicon\"", "\"probe\"")
        .replace("conditional = true", "conditional = false")
        .replace("held_out = true", "held_out = false");
    std::fs::write(at("probed.toml"), &spec).unwrap();
    let file = at("probed.toml").to_str().unwrap().to_owned();
    let (_, ran) = run(&["study", "run", &file]);
    let (shown, _) = run(&["study", "show", "probed", "--scorer", "probe"]);
    assert!(
        shown.contains("toxicity (probe)") && shown.contains("ZS"),
        "{spec}{said}{ran}{shown}"
    );

    // The same data give the same file; another model's is refused.
    run(&train);
    assert_eq!(std::fs::read_to_string(&probe).unwrap(), first);
    let hash: serde_json::Value = serde_json::from_str(&first).unwrap();
    let hash = hash["model_sha256"].as_str().unwrap();
    std::fs::write(&probe, first.replace(hash, &"0".repeat(64))).unwrap();
    let (_, said) = run(&score);
    assert!(said.contains("the probe belongs to"), "{said}");
}

#[test]
fn an_adapter_is_merged_into_a_model_that_says_the_same() {
    let Some(model) = model() else { return };
    let model = model.to_str().unwrap();
    let home = tempfile::tempdir().unwrap();
    let texts = home.path().join("texts.txt");
    std::fs::write(&texts, "the sea is green and loud\n".repeat(8)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.env("POLYDETOX_HOME", home.path()).args(arguments);
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        text(&output.stdout)
    };
    let train = "train sft --output green --max-steps 6 --batch-size 4 --learning-rate 0.003 \
                 --target-modules q_proj,k_proj,down_proj --data";
    let mut arguments: Vec<&str> = train.split_whitespace().collect();
    arguments.extend([texts.to_str().unwrap(), "--model", model]);
    run(&arguments);
    let merge = ["adapters", "merge", "green", "--id", "merged-green", "-m"];
    let merged = run(&[&merge[..], &[model]].concat());
    assert!(merged.starts_with("merged-green  "), "{merged}");
    let say = |more: &[&str]| {
        let mut arguments = vec![
            "generate",
            "-p",
            "the sea is",
            "--max-new-tokens",
            "8",
            "--temperature",
            "0",
        ];
        arguments.extend(more);
        run(&arguments)
    };
    let beside = say(&["--model", model, "--adapter", "green"]);
    assert_eq!(say(&["--model", "merged-green"]), beside);
    assert_ne!(say(&["--model", model]), beside);
}
