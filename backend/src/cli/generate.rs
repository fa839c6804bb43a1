//! `backend generate`: continue prompts.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use engine::generate::{GenerationEvent, GenerationRequest, Prompt};
use futures_util::{StreamExt, stream};
use protocol::adapter::check_strength;
use protocol::api::generate::TokenReport;
use protocol::generation::{FinishReason, SamplerSettings};
use protocol::provenance::ModelProvenance;
use serde::Serialize;

use super::model_options::ModelOptions;
use super::note::note;
use super::one_line::one_line;
use super::progress::progress;
use super::prompts::{self, Line, Reading};
use super::{Context, Failure, interruptible};
use crate::adapters::AdapterStore;
use crate::executor::{self, Executor, Limits};

/// Where a prompt is in a file with fields.
const FIELDS: &[&str] = &["prompt", "Prompt", "prompt.text", "Prompt.text", "text"];

/// Arguments of `generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
A single --prompt is continued on stdout token by token; counts and speed go to stderr.
Of a file, each completion is one line of stdout, its line breaks shown as \\n; --json gives
objects with prompt, completion, finish_reason, tokens, token_ids, seed and provenance, in the
order of the file. Every prompt uses the same seed, so that its place in the file does not matter.
Ctrl-C ends everything within one step of the model, with exit status 130.")]
pub struct Arguments {
    /// Model and device.
    #[command(flatten)]
    pub model: ModelOptions,
    /// Adapter to apply beside the model's weights: a name (`backend adapters list`), or a directory
    /// in PEFT's layout
    #[arg(long, value_name = "ADAPTER")]
    pub adapter: Option<String>,
    /// How strongly: 0 leaves the model as it is, 1 is the adapter as trained, at most 1.5
    #[arg(long, value_name = "S", default_value_t = 1.0, requires = "adapter")]
    pub adapter_strength: f32,
    /// Text to continue
    #[arg(
        short,
        long,
        value_name = "TEXT",
        required_unless_present = "prompt_file"
    )]
    pub prompt: Option<String>,
    /// File with one prompt a line (empty lines are passed over), or a .jsonl, .json, .csv, .tsv or
    /// .parquet file with `prompt`, `Prompt` or `text`; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    pub prompt_file: Option<PathBuf>,
    /// How the prompt file is read.
    #[command(flatten)]
    pub reading: Reading,
    /// Most tokens to add to a prompt
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub max_new_tokens: usize,
    /// 0 takes the likeliest token; larger values up to 5 choose more freely
    #[arg(long, value_name = "T", default_value_t = SamplerSettings::default().temperature)]
    pub temperature: f32,
    /// Choose among the K likeliest tokens; 0 among all
    #[arg(long, value_name = "K", default_value_t = SamplerSettings::default().top_k)]
    pub top_k: u32,
    /// Choose among the likeliest tokens that together have probability P
    #[arg(long, value_name = "P", default_value_t = SamplerSettings::default().top_p)]
    pub top_p: f32,
    /// Make tokens that were seen already less likely; 1 is off
    #[arg(long, value_name = "R", default_value_t = SamplerSettings::default().repetition_penalty)]
    pub repetition_penalty: f32,
    /// The same seed, prompt and settings give the same tokens on the same device
    #[arg(long, value_name = "N", default_value_t = SamplerSettings::default().seed)]
    pub seed: u64,
    /// End the completion before this text; can be given several times
    #[arg(long, value_name = "TEXT")]
    pub stop: Vec<String>,
    /// With --json: report each token's log-probability and K alternatives
    #[arg(long, value_name = "K", requires = "json")]
    pub logprobs: Option<usize>,
    /// Prompts of a file that are continued together
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub batch_size: usize,
    /// Go on after the model's end token
    #[arg(long)]
    pub ignore_eos: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// One line of `--json`.
#[derive(Debug, Serialize)]
struct Output<'a> {
    line: u64,
    prompt: &'a str,
    #[serde(flatten)]
    outcome: Outcome,
    seed: u64,
    provenance: &'a ModelProvenance,
}

/// What became of a prompt.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Outcome {
    Done(Done),
    Failed { error: String },
}

#[derive(Debug, Serialize)]
struct Done {
    completion: String,
    finish_reason: FinishReason,
    prompt_tokens: usize,
    tokens: usize,
    token_ids: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logprobs: Vec<TokenReport>,
}

/// Runs `generate`.
///
/// # Errors
/// A prompt, a setting or the model cannot be used; generation failed; or Ctrl-C.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let lines = match &arguments.prompt_file {
        Some(file) => prompts::read(file, &arguments.reading, FIELDS)?,
        None => {
            arguments
                .reading
                .check_unused("there is no --prompt-file")?;
            Line::given(arguments.prompt.as_slice())
        }
    };
    if arguments.batch_size == 0 || arguments.batch_size > 4096 {
        return Err(Failure::usage("`--batch-size` must be between 1 and 4096"));
    }
    // Settings are the same for all prompts: they are checked before the model is read.
    let probe = arguments.request(arguments.prompt.clone().unwrap_or_else(|| "x".to_owned()));
    probe.validate().map_err(Failure::from)?;
    check_strength(arguments.adapter_strength)?;
    let adapter = match &arguments.adapter {
        Some(name) => Some(AdapterStore::new(&context.data_dir).resolve(name)?),
        None => None,
    };
    let (mut model, mut provenance) = arguments.model.read(context)?;
    if let Some(adapter) = adapter {
        let read = adapter.read(model.0.spec(), &provenance)?;
        let strength = arguments.adapter_strength;
        provenance.adapter = Some(read.provenance(strength));
        model.0 = model.0.with_adapter(Arc::new(read.adapter), strength)?;
    }
    let limits = Limits {
        slots: arguments.batch_size,
        // As many wait as run, so that a free slot is filled at once.
        queue: arguments.batch_size,
        ..Limits::default()
    };
    let executor = Executor::start(Arc::new(model), limits)?;
    let result = interruptible::run(async {
        if arguments.prompt.is_some() && !arguments.json {
            stream_one(arguments, &executor).await
        } else {
            continue_all(arguments, &executor, &lines, &provenance).await
        }
    });
    executor.stop(Duration::ZERO);
    executor.join();
    result
}

impl Arguments {
    fn request(&self, prompt: String) -> GenerationRequest {
        GenerationRequest {
            prompt: Prompt::Text(prompt),
            max_new_tokens: self.max_new_tokens,
            sampler: SamplerSettings {
                temperature: self.temperature,
                top_k: self.top_k,
                top_p: self.top_p,
                repetition_penalty: self.repetition_penalty,
                seed: self.seed,
            },
            stop: self.stop.clone(),
            logprobs: self.logprobs,
            ignore_eos: self.ignore_eos,
            processors: Vec::new(),
            adapter: None,
        }
    }
}

async fn stream_one(arguments: &Arguments, executor: &Executor) -> Result<(), Failure> {
    let prompt = arguments.prompt.clone().unwrap_or_default();
    let start = Instant::now();
    let mut generations = executor
        .generate(vec![arguments.request(prompt)])
        .map_err(refused)?;
    let Some(mut generation) = generations.pop() else {
        return Ok(());
    };
    let mut first = None;
    while let Some(event) = generation.next().await {
        let text = match event.map_err(failed)? {
            GenerationEvent::Token { text, .. } => {
                first.get_or_insert_with(Instant::now);
                text
            }
            GenerationEvent::Finished {
                text,
                completion_tokens,
                reason,
                prompt_tokens,
            } => {
                print(&format!("{text}\n"))?;
                let first = first.unwrap_or(start);
                let seconds = first.elapsed().as_secs_f64();
                let rate = completion_tokens.saturating_sub(1) as f64 / seconds.max(1e-9);
                let reason = match reason {
                    FinishReason::Stop => "stop",
                    FinishReason::Length => "length",
                    FinishReason::Cancelled => "cancelled",
                };
                note(format!(
                    "[{prompt_tokens} prompt tokens, {completion_tokens} new ({reason}), \
                     {rate:.1} tokens/s, first token after {:.2} s]",
                    (first - start).as_secs_f64()
                ));
                return Ok(());
            }
        };
        print(&text)?;
    }
    Ok(())
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

async fn continue_all(
    arguments: &Arguments,
    executor: &Executor,
    lines: &[Line],
    provenance: &ModelProvenance,
) -> Result<(), Failure> {
    let progress = progress(lines.len(), "prompts");
    let mut tokens = 0;
    let mut failures = 0;
    let start = Instant::now();
    // `buffered` keeps the order of the file; twice the batch keeps the engine busy behind a
    // prompt that takes longer than those after it.
    let mut outcomes = stream::iter(lines)
        .map(|line| async move {
            let outcome = complete(executor, arguments.request(line.text.clone())).await;
            (line, outcome)
        })
        .buffered(arguments.batch_size * 2);
    while let Some((line, outcome)) = outcomes.next().await {
        let outcome = outcome?;
        match &outcome {
            Outcome::Done(done) => tokens += done.tokens,
            Outcome::Failed { error } => {
                failures += 1;
                progress.suspend(|| note(format!("line {}: {error}", line.number)));
            }
        }
        let text = if arguments.json {
            let output = Output {
                line: line.number,
                prompt: &line.text,
                outcome,
                seed: arguments.seed,
                provenance,
            };
            serde_json::to_string(&output).map_err(Failure::new)?
        } else {
            match outcome {
                Outcome::Done(done) => one_line(&done.completion),
                Outcome::Failed { .. } => String::new(),
            }
        };
        progress.suspend(|| print(&format!("{text}\n")))?;
        progress.inc(1);
        let rate = tokens as f64 / start.elapsed().as_secs_f64().max(1e-9);
        progress.set_message(format!("{rate:.0} tokens/s"));
    }
    progress.finish_and_clear();
    let rate = tokens as f64 / start.elapsed().as_secs_f64().max(1e-9);
    note(format!(
        "[{} prompts, {tokens} new tokens, {rate:.1} tokens/s]",
        lines.len()
    ));
    if failures > 0 {
        return Err(Failure::new(format!(
            "{failures} of {} prompts could not be continued",
            lines.len()
        )));
    }
    Ok(())
}

/// A prompt that cannot be continued is an outcome; a model that cannot go on is a failure.
async fn complete(executor: &Executor, request: GenerationRequest) -> Result<Outcome, Failure> {
    let mut generations = match executor.generate(vec![request]) {
        Ok(generations) => generations,
        Err(executor::Refusal::Request(error)) => {
            return Ok(Outcome::Failed {
                error: error.to_string(),
            });
        }
        Err(refusal) => return Err(refused(refusal)),
    };
    let Some(generation) = generations.pop() else {
        return Err(Failure::new("no generation was begun"));
    };
    let whole = generation.whole().await.map_err(failed)?;
    Ok(Outcome::Done(Done {
        completion: whole.text,
        finish_reason: whole.finish_reason,
        prompt_tokens: whole.prompt_tokens,
        tokens: whole.completion_tokens,
        token_ids: whole.token_ids,
        logprobs: whole.reports,
    }))
}

/// A request that got no place.
pub(super) fn refused(refusal: executor::Refusal) -> Failure {
    match refusal {
        executor::Refusal::Request(error) => error.into(),
        other => Failure::new(other),
    }
}

/// A request that did not come to its end.
pub(super) fn failed(failure: executor::Failure) -> Failure {
    match failure {
        executor::Failure::Engine(error) => error.into(),
        other => Failure::new(other),
    }
}
