//! The programs that are compared: each runs as a process of its own and prints one JSON object.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::arguments::Arguments;
use crate::process::{cargo, command, root};

/// What came of one turn.
pub enum Outcome {
    /// What the program printed.
    Measured(Value),
    /// Why it could not.
    Skipped(String),
}

/// Starts the programs.
pub struct Peers<'a> {
    arguments: &'a Arguments,
    python: String,
    ours: PathBuf,
}

impl<'a> Peers<'a> {
    /// Builds our program, once: a change of the sources while others are measured must not change
    /// what is measured. Peers written in Python run in `POLYDETOX_BENCH_PYTHON`, or in whatever
    /// `python3` is.
    pub fn new(arguments: &'a Arguments) -> Result<Self> {
        Ok(Self {
            arguments,
            python: env::var("POLYDETOX_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned()),
            ours: built(arguments.release)?,
        })
    }

    /// Our own program.
    pub fn ours(&mut self, measures: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.ours);
        command.args(["bench", "--model", &self.arguments.model, "--device", "cpu"]);
        command.args(["--threads", &self.arguments.threads.to_string()]);
        command.arg("--measure").args(measures);
        measure(&mut command).context("our own program has to run")
    }

    /// llama.cpp through llama-cpp-python.
    pub fn llama_cpp(&self, file: &str, measures: &[&str]) -> Outcome {
        let mut command = self.script("llama_cpp_peer.py", file);
        command.arg("--measure").args(measures);
        outcome(&mut command)
    }

    /// PyTorch and transformers.
    pub fn pytorch(&self, file: &str, dtype: &str) -> Outcome {
        outcome(
            self.script("pytorch_peer.py", file)
                .args(["--dtype", dtype]),
        )
    }

    /// PyTorch, transformers and PEFT.
    pub fn peft(&self, file: &str) -> Outcome {
        outcome(&mut self.script("peft_peer.py", file))
    }

    fn script(&self, name: &str, file: &str) -> Command {
        let mut command = command(&self.python);
        command
            .arg(root().join("tests/src/bench/peers").join(name))
            .arg(file)
            .args(["--threads", &self.arguments.threads.to_string()]);
        command
    }
}

/// Builds the program and finds it.
fn built(release: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--locked", "--package", "backend"]);
    command.arg("--message-format=json-render-diagnostics");
    if release {
        command.arg("--release");
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("our own program cannot be built");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo does not say where it put the program")
}

fn outcome(command: &mut Command) -> Outcome {
    measure(command).map_or_else(
        |error| Outcome::Skipped(format!("{error:#}")),
        Outcome::Measured,
    )
}

fn measure(command: &mut Command) -> Result<Value> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{program}` does not start"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last = errors.lines().rfind(|line| !line.trim().is_empty());
        bail!("{}", last.unwrap_or("it said nothing").trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rfind(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_default())
        .with_context(|| format!("`{program}` prints no measurements"))
}
