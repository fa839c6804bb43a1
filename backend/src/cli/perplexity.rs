//! `backend perplexity`: how likely a model finds texts.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use protocol::api::perplexity::TextPerplexity;
use protocol::provenance::ModelProvenance;
use serde::Serialize;

use super::generate::{failed, progress, refused};
use super::model_options::ModelOptions;
use super::note::note;
use super::prompts::{self, Line};
use super::{Context, Failure, interruptible};
use crate::executor::{Executor, Limits, Refusal};

/// Texts in one request to the executor; it measures them in batches of its own.
const CHUNK: usize = 64;

/// Arguments of `perplexity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each text is one line of output: perplexity, tokens, log-likelihood (natural logarithm), and where
the text stood. The last line is all texts as one, each token counted once.")]
pub struct Arguments {
    /// Model and device.
    #[command(flatten)]
    pub model: ModelOptions,
    /// Files with one text a line (empty lines are passed over), or .jsonl files with objects that
    /// have `text`; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present = "text")]
    pub files: Vec<PathBuf>,
    /// A text; can be given several times
    #[arg(short, long, value_name = "TEXT")]
    pub text: Vec<String>,
    /// Read the files as JSON lines, whatever their names
    #[arg(long)]
    pub jsonl: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    line: usize,
    text: &'a str,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Measured(TextPerplexity),
    Failed { error: String },
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
    let lines = prompts::gather(
        &arguments.text,
        &arguments.files,
        arguments.jsonl,
        &["text", "prompt", "Prompt"],
    )?;
    let (model, provenance) = arguments.model.read(context)?;
    let executor = Executor::start(Arc::new(model), Limits::default())?;
    let result = interruptible::run(measure_all(arguments, &executor, &lines, &provenance));
    executor.stop(Duration::ZERO);
    executor.join();
    result
}

async fn measure_all(
    arguments: &Arguments,
    executor: &Executor,
    lines: &[Line],
    provenance: &ModelProvenance,
) -> Result<(), Failure> {
    let progress = progress(lines.len(), "texts");
    let mut measured = Vec::with_capacity(lines.len());
    let mut chunks = stream::iter(lines.chunks(CHUNK))
        .map(|chunk| async move { (chunk, measure(executor, chunk).await) })
        .buffered(2);
    while let Some((chunk, outcomes)) = chunks.next().await {
        for (line, outcome) in chunk.iter().zip(outcomes?) {
            progress.suspend(|| show(arguments.json, line, &outcome))?;
            if let Outcome::Measured(text) = outcome {
                measured.push(text);
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
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string(&total).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
    } else {
        let count = total.texts;
        writeln!(out, "{}\ttotal of {count} texts", columns(&total.total))?;
    }
    match lines.len() - measured.len() {
        0 => Ok(()),
        failures => Err(Failure::new(format!(
            "{failures} of {} texts could not be measured",
            lines.len()
        ))),
    }
}

/// A chunk as a whole, or where one of its texts cannot be measured, text by text.
async fn measure(executor: &Executor, lines: &[Line]) -> Result<Vec<Outcome>, Failure> {
    let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
    let error = match executor.measure(texts) {
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
    if lines.len() == 1 {
        return Ok(vec![Outcome::Failed { error }]);
    }
    let mut outcomes = Vec::with_capacity(lines.len());
    for line in lines.chunks(1) {
        outcomes.extend(Box::pin(measure(executor, line)).await?);
    }
    Ok(outcomes)
}

fn show(json: bool, line: &Line, outcome: &Outcome) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if json {
        let output = Output {
            line: line.number,
            text: &line.text,
            outcome,
        };
        let text = serde_json::to_string(&output).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    match outcome {
        Outcome::Measured(text) => writeln!(out, "{}\tline {}", columns(text), line.number)?,
        Outcome::Failed { error } => note(format!("line {}: {error}", line.number)),
    }
    Ok(())
}

fn columns(text: &TextPerplexity) -> String {
    let perplexity = text
        .perplexity
        .map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    format!("{perplexity}\t{}\t{:.4}", text.tokens, text.log_likelihood)
}
