//! `backend perplexity`: how likely a model finds texts.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use protocol::api::perplexity::TextPerplexity;
use protocol::provenance::ModelProvenance;
use serde::Serialize;

use super::generate::{failed, refused};
use super::model_options::ModelOptions;
use super::note::note;
use super::progress::progress;
use super::prompts::{self, Line, Reading};
use super::{Context, Failure, interruptible};
use crate::executor::{Executor, Limits, Refusal};

/// Texts in one request to the executor; it measures them in batches of its own.
const CHUNK: usize = 64;

/// Where a text is in a file with fields.
const FIELDS: &[&str] = &["text", "prompt", "Prompt", "prompt.text", "Prompt.text"];

/// Arguments of `perplexity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each text is one line of output, in the order of the input: perplexity, tokens, log-likelihood
(natural logarithm), and where the text stood; with --json an object whose `score` is the
perplexity. A text without one (an empty line) has `-`, in JSON null and a `reason`. All texts as
one, each token counted once, come at the end on stderr.")]
pub struct Arguments {
    /// Model and device.
    #[command(flatten)]
    pub model: ModelOptions,
    /// Files with one text a line, or .jsonl, .json, .csv, .tsv and .parquet files with `text`; `-`
    /// or nothing is stdin
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A text; can be given several times
    #[arg(short, long, value_name = "TEXT")]
    pub text: Vec<String>,
    /// How files are read.
    #[command(flatten)]
    pub reading: Reading,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    line: u64,
    text: &'a str,
    /// The perplexity.
    score: Option<f64>,
    #[serde(flatten)]
    outcome: &'a Outcome,
    /// Why there is no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Measured(TextPerplexity),
    Empty {},
    Failed { error: String },
}

impl Outcome {
    fn score(&self) -> Option<f64> {
        match self {
            Self::Measured(text) => text.perplexity,
            Self::Empty {} | Self::Failed { .. } => None,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Measured(text) if text.perplexity.is_some() => None,
            Self::Measured(_) => Some("no token of it has a probability"),
            Self::Empty {} => Some("there is no text in it"),
            Self::Failed { error } => Some(error),
        }
    }
}

#[derive(Debug, Serialize)]
struct Total<'a> {
    total: TextPerplexity,
    texts: usize,
    provenance: &'a ModelProvenance,
}

/// Runs `perplexity`.
///
/// # Errors
/// A file or the model cannot be used; measuring failed; or Ctrl-C.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let stdin = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() && arguments.text.is_empty() {
        &stdin[..]
    } else {
        &arguments.files
    };
    if files.is_empty() {
        arguments.reading.check_unused("only --text is given")?;
    }
    let mut lines = Line::given(&arguments.text);
    let (found, problems) = prompts::gather(files, &arguments.reading, FIELDS)?;
    lines.extend(found);
    if lines.is_empty() {
        return Ok(problems.check()?);
    }
    let (model, provenance) = arguments.model.read(context)?;
    let executor = Executor::start(Arc::new(model), Limits::default())?;
    let result = interruptible::run(measure_all(arguments, &executor, &lines, &provenance));
    executor.stop(Duration::ZERO);
    executor.join();
    result?;
    Ok(problems.check()?)
}

async fn measure_all(
    arguments: &Arguments,
    executor: &Executor,
    lines: &[Line],
    provenance: &ModelProvenance,
) -> Result<(), Failure> {
    let progress = progress(lines.len(), "texts");
    let mut measured = Vec::with_capacity(lines.len());
    let mut failures = 0;
    let mut chunks = stream::iter(lines.chunks(CHUNK))
        .map(|chunk| async move { (chunk, measure(executor, chunk).await) })
        .buffered(2);
    while let Some((chunk, outcomes)) = chunks.next().await {
        for (line, outcome) in chunk.iter().zip(outcomes?) {
            progress.suspend(|| show(arguments.json, line, &outcome))?;
            match outcome {
                Outcome::Measured(text) => measured.push(text),
                Outcome::Empty {} => {}
                Outcome::Failed { .. } => failures += 1,
            }
        }
        progress.inc(chunk.len() as u64);
    }
    progress.finish_and_clear();
    let total = Total {
        total: TextPerplexity::total(&measured),
        texts: measured.len(),
        provenance,
    };
    if arguments.json {
        note(serde_json::to_string(&total).map_err(Failure::new)?);
    } else {
        let count = total.texts;
        note(format!("{}\ttotal of {count} texts", columns(&total.total)));
    }
    match failures {
        0 => Ok(()),
        _ => Err(Failure::new(format!(
            "{failures} of {} texts could not be measured",
            lines.len()
        ))),
    }
}

/// A chunk, but for what is empty in it, as a whole.
async fn measure(executor: &Executor, lines: &[Line]) -> Result<Vec<Outcome>, Failure> {
    let is_empty = |line: &Line| line.text.trim().is_empty();
    let texts = lines.iter().filter(|line| !is_empty(line));
    let texts: Vec<String> = texts.map(|line| line.text.clone()).collect();
    let mut measured = measure_texts(executor, &texts).await?.into_iter();
    Ok(lines
        .iter()
        .map(|line| match is_empty(line) {
            true => Outcome::Empty {},
            false => measured.next().unwrap_or(Outcome::Empty {}),
        })
        .collect())
}

/// Texts as a whole, or where one of them cannot be measured, one by one.
async fn measure_texts(executor: &Executor, texts: &[String]) -> Result<Vec<Outcome>, Failure> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let error = match executor.measure(texts.to_vec()) {
        Ok(scoring) => {
            let values = scoring.finish().await.map_err(failed)?;
            return Ok(values
                .iter()
                .map(|values| Outcome::Measured(TextPerplexity::from_log_probabilities(values)))
                .collect());
        }
        Err(Refusal::Request(error)) => error.to_string(),
        Err(refusal) => return Err(refused(refusal)),
    };
    if texts.len() == 1 {
        return Ok(vec![Outcome::Failed { error }]);
    }
    let mut outcomes = Vec::with_capacity(texts.len());
    for text in texts.chunks(1) {
        outcomes.extend(Box::pin(measure_texts(executor, text)).await?);
    }
    Ok(outcomes)
}

fn show(json: bool, line: &Line, outcome: &Outcome) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let file = line.file.as_deref().map(Path::to_string_lossy);
    if json {
        let output = Output {
            file,
            line: line.number,
            text: &line.text,
            score: outcome.score(),
            outcome,
            reason: outcome.reason(),
        };
        let text = serde_json::to_string(&output).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    let number = line.number;
    match outcome {
        Outcome::Measured(text) => writeln!(out, "{}\tline {number}", columns(text))?,
        Outcome::Empty {} => writeln!(out, "-\t0\t-\tline {number}")?,
        Outcome::Failed { error } => {
            writeln!(out, "-\t-\t-\tline {number}")?;
            let file = file.map_or_else(String::new, |file| format!("{file}: "));
            note(format!("{file}line {number}: {error}"));
        }
    }
    Ok(())
}

fn columns(text: &TextPerplexity) -> String {
    let perplexity = text
        .perplexity
        .map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    format!("{perplexity}\t{}\t{:.4}", text.tokens, text.log_likelihood)
}
