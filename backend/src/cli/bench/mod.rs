//! `backend bench`: raw measurements of one model in this process, as JSON. `cargo xtask bench`
//! puts them beside the same measurements of other programs.

mod measurements;
mod process;
mod training;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use protocol::training::BasePrecision;
use serde::Serialize;

use super::model_options::ModelOptions;
use super::{Context, Failure};
use crate::hub::{Hub, ModelFiles};
use measurements::{Bench, Figure};

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints one JSON object. decode1, decode16: one or sixteen sequences grow by --new-tokens greedy \
tokens after a prompt of 32 (which is not counted). prompt: one prompt of --prompt-tokens. score: \
log-probabilities of --texts texts of --text-tokens each. load: from opening the file to the first \
token after a prompt of 32; give it first. train: three updates of an adapter on 24 texts of 12 to 42 \
tokens. cpu_seconds is user and system time of all threads, \
peak_rss the largest resident memory so far in bytes.")]
pub struct Arguments {
    /// Model and device.
    #[command(flatten)]
    pub model: ModelOptions,
    /// What to measure, in this order
    #[arg(long, value_enum, num_args = 1.., default_values = ["load", "decode1", "decode16", "prompt", "score"])]
    pub measure: Vec<Measure>,
    /// Threads on the processor [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Tokens that each sequence grows by
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub new_tokens: u16,
    /// Tokens of the prompt of `prompt`
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u16).range(16..=16384))]
    pub prompt_tokens: u16,
    /// Texts of `score`
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub texts: u16,
    /// Tokens of each text of `score`
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(2..=4096))]
    pub text_tokens: u16,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Time to the first token
    Load,
    /// One sequence
    Decode1,
    /// Sixteen sequences
    Decode16,
    /// Sixty-four sequences
    Decode64,
    /// A long prompt
    Prompt,
    /// A batch of texts
    Score,
    /// Updates of an adapter on a batch of sentences
    Train,
    /// The same in bfloat16
    TrainBf16,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    /// The program that was measured.
    peer: String,
    /// The checkpoint, so that another program can be given the same one.
    file: PathBuf,
    sha256: String,
    device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decode1: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decode16: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decode64: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    train_bf16: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_rss: Option<u64>,
}

/// Runs `bench`.
///
/// # Errors
/// The model cannot be read or does not run.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let resolved = Hub::new(&context.data_dir)?.resolve(&arguments.model.model)?;
    let file = match &resolved.files {
        ModelFiles::Gguf(path) => path.clone(),
        ModelFiles::Safetensors { config, .. } => config.clone(),
    };
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global()
            .map_err(Failure::new)?;
    }
    let bench = Bench::load(&arguments.model.device.reader()?, &resolved)?;
    let mut report = Report {
        peer: format!("Polydetox {}", env!("CARGO_PKG_VERSION")),
        file,
        sha256: resolved.sha256.clone(),
        device: bench.device().to_owned(),
        ..Report::default()
    };
    let new_tokens = usize::from(arguments.new_tokens);
    for measure in &arguments.measure {
        match measure {
            Measure::Load => report.load = Some(bench.first_token()?),
            Measure::Decode1 => report.decode1 = Some(bench.decode(1, new_tokens)?),
            Measure::Decode16 => report.decode16 = Some(bench.decode(16, new_tokens)?),
            Measure::Decode64 => report.decode64 = Some(bench.decode(64, new_tokens)?),
            Measure::Prompt => {
                report.prompt = Some(bench.prompt(usize::from(arguments.prompt_tokens))?);
            }
            Measure::Score => {
                let (texts, tokens) = (arguments.texts, arguments.text_tokens);
                report.score = Some(bench.score(usize::from(texts), usize::from(tokens))?);
            }
            Measure::Train => report.train = Some(bench.train(BasePrecision::F32)?),
            Measure::TrainBf16 => report.train_bf16 = Some(bench.train(BasePrecision::Bf16)?),
        }
    }
    report.peak_rss = process::peak_rss();
    let text = serde_json::to_string(&report).map_err(Failure::new)?;
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}
