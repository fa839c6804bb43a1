//! `backend train sft`.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use protocol::adapter::BaseModel;
use protocol::language::Language;
use protocol::training::{BasePrecision, Schedule, SftSettings};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::progress::Progress;
use crate::adapters::{AdapterError, AdapterStore, Made};
use crate::cli::model_options::ModelOptions;
use crate::cli::note::note;
use crate::cli::prompts::{self, Reading};
use crate::cli::{Context, Failure};
use crate::data::{Split, locate, multiparadetox};
use crate::store::DirectoryLock;
use crate::training::{TrainedAdapter, TrainingError, train_sft};

/// Where a text is in a file with fields.
const FIELDS: &[&str] = &["text", "neutral_sentence", "neutral"];

/// Arguments of `train sft`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every token of every text is predicted from those before it. Of a directory of pairs
({lang}_{train|test}_{toxic|neutral}.csv) the neutral sentences of the train part are learned.
Ctrl-C ends after the update at hand; the same command then goes on where it ended, with the same
result as if it had never been interrupted. The adapter is kept as adapters/NAME in the data
directory, in PEFT's layout.")]
pub struct Arguments {
    /// Model and device.
    #[command(flatten)]
    model: ModelOptions,
    /// A file with one text a line (or .jsonl, .json, .csv, .tsv, .parquet with `text`), a directory
    /// of pairs, or the name of a set of pairs that was pulled
    #[arg(long, value_name = "FILE|DIR")]
    data: PathBuf,
    /// How files are read.
    #[command(flatten)]
    reading: Reading,
    /// Languages of a directory of pairs [default: all that it has of the seven]
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    language: Vec<Language>,
    /// Texts whose loss is watched: a file as for --data, or `test` for the test part of a directory
    #[arg(long, value_name = "FILE|test")]
    validation: Option<PathBuf>,
    /// Name of the adapter
    #[arg(short, long, value_name = "NAME")]
    output: String,
    /// One JSON object per event, and one for the adapter
    #[arg(long)]
    json: bool,
    /// How to train.
    #[command(flatten)]
    settings: Settings,
}

/// [`SftSettings`] as options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
struct Settings {
    /// Rank of every adapter matrix
    #[arg(long, default_value_t = SftSettings::default().rank)]
    rank: u32,
    /// The adapter's output is multiplied by alpha / rank
    #[arg(long, default_value_t = SftSettings::default().lora_alpha)]
    lora_alpha: f32,
    /// Share of the adapter's inputs left out while learning
    #[arg(long, default_value_t = SftSettings::default().lora_dropout)]
    lora_dropout: f32,
    /// Maps that get an adapter: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj
    #[arg(long, value_delimiter = ',', default_values_t = SftSettings::default().target_modules)]
    target_modules: Vec<String>,
    /// Learning rate after warm-up
    #[arg(long, default_value_t = SftSettings::default().learning_rate)]
    learning_rate: f64,
    /// linear, cosine or constant
    #[arg(long, default_value = "linear", value_parser = named::<Schedule>)]
    schedule: Schedule,
    /// Share of the updates in which the learning rate rises from zero
    #[arg(long, default_value_t = SftSettings::default().warmup_ratio)]
    warmup_ratio: f64,
    /// How often every text is seen
    #[arg(long, default_value_t = SftSettings::default().epochs)]
    epochs: u32,
    /// End after so many updates
    #[arg(long)]
    max_steps: Option<u64>,
    /// Texts in a batch
    #[arg(long, default_value_t = SftSettings::default().batch_size)]
    batch_size: u32,
    /// Tokens in a batch, at most
    #[arg(long)]
    batch_tokens: Option<u32>,
    /// Batches to one update
    #[arg(long, default_value_t = SftSettings::default().gradient_accumulation)]
    gradient_accumulation: u32,
    /// Longer texts are cut to so many tokens
    #[arg(long, default_value_t = SftSettings::default().max_length)]
    max_length: u32,
    /// Decoupled weight decay
    #[arg(long, default_value_t = SftSettings::default().weight_decay)]
    weight_decay: f64,
    /// Gradients are scaled down to this norm; 0 leaves them alone
    #[arg(long, default_value_t = SftSettings::default().max_grad_norm)]
    max_grad_norm: f64,
    /// Fixes initial values, order of the texts and dropout
    #[arg(long, default_value_t = SftSettings::default().seed)]
    seed: u64,
    /// Learn the end of text too
    #[arg(long)]
    append_eos: bool,
    /// What the frozen weights are multiplied in: f32 or bf16
    #[arg(long, default_value = "f32", value_parser = named::<BasePrecision>)]
    base_precision: BasePrecision,
    /// Updates from one validation to the next [default: an epoch's]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    validate_every: u64,
    /// Stop after so many validations without a lower loss, and keep the adapter of the lowest
    #[arg(long, requires = "validation")]
    patience: Option<u32>,
    /// Updates from one checkpoint to the next
    #[arg(long, default_value_t = SftSettings::default().checkpoint_every)]
    checkpoint_every: u64,
}

/// A value by the name that it has in files.
fn named<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| error.to_string())
}

impl From<&Settings> for SftSettings {
    fn from(settings: &Settings) -> Self {
        Self {
            rank: settings.rank,
            lora_alpha: settings.lora_alpha,
            lora_dropout: settings.lora_dropout,
            target_modules: settings.target_modules.clone(),
            learning_rate: settings.learning_rate,
            schedule: settings.schedule,
            warmup_ratio: settings.warmup_ratio,
            epochs: settings.epochs,
            max_steps: settings.max_steps,
            batch_size: settings.batch_size,
            batch_tokens: settings.batch_tokens,
            gradient_accumulation: settings.gradient_accumulation,
            max_length: settings.max_length,
            weight_decay: settings.weight_decay,
            max_grad_norm: settings.max_grad_norm,
            seed: settings.seed,
            append_eos: settings.append_eos,
            base_precision: settings.base_precision,
            validate_every: settings.validate_every,
            patience: settings.patience,
            checkpoint_every: settings.checkpoint_every,
        }
    }
}

/// Runs `train sft`.
///
/// # Errors
/// Settings, data or model cannot be used, the name is taken, the loss left the numbers, or Ctrl-C.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let settings = SftSettings::from(&arguments.settings);
    settings.validate()?;
    let store = AdapterStore::new(&context.data_dir);
    // Refused now rather than after hours.
    match store.find(&arguments.output) {
        Err(AdapterError::Unknown { .. }) => {}
        Err(error @ AdapterError::InvalidName { .. }) => return Err(error.into()),
        _ => {
            let name = arguments.output.clone();
            return Err(AdapterError::AlreadyThere { name }.into());
        }
    }
    if !is_file(&arguments.data) && !arguments.validation.as_deref().is_some_and(is_file) {
        let reading = &arguments.reading;
        reading.check_unused("pairs in a directory have a form of their own")?;
    }
    let data = texts(context, arguments, &arguments.data, Split::Train)?;
    let validation = match &arguments.validation {
        None => Vec::new(),
        Some(name) if name == Path::new("test") => {
            texts(context, arguments, &arguments.data, Split::Test)?
        }
        Some(file) => texts(context, arguments, file, Split::Train)?,
    };
    let (model, provenance) = arguments.model.read(context)?;
    let checkpoints = context.data_dir.join("training").join(&arguments.output);
    fs::create_dir_all(&checkpoints)?;
    let lock = DirectoryLock::acquire(&checkpoints).map_err(Failure::new)?;
    let progress = Progress::new(arguments.json);
    let interrupted = interruption()?;
    let trained = train_sft(
        &model.0,
        &data,
        &validation,
        &settings,
        Some(&checkpoints),
        &mut |event| {
            progress.tell(event);
            match interrupted.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        },
    );
    let trained = match trained {
        Err(TrainingError::Cancelled { step }) => {
            note(format!(
                "cancelled after update {step}; the same command goes on from there"
            ));
            return Err(Failure::interrupted());
        }
        other => other?,
    };
    let record = record(arguments, &settings, &provenance, &data, &trained)?;
    let made = Made {
        base_model: BaseModel::from(&provenance),
        origin: "train sft".to_owned(),
        training: Some(record),
    };
    let spec = model.0.spec();
    let stored = store.save(&arguments.output, &trained.adapter, spec, made)?;
    drop(lock);
    // The adapter is safe; what is left of its checkpoints takes room and nothing else.
    if let Err(error) = fs::remove_dir_all(&checkpoints) {
        note(format!("{}: {error}", checkpoints.display()));
    }
    let directory = stored.directory.display().to_string();
    if arguments.json {
        let line = serde_json::json!({
            "event": "saved",
            "adapter": arguments.output,
            "path": directory,
            "final_loss": trained.final_loss,
            "validation_loss": trained.validation_loss,
        });
        writeln!(std::io::stdout().lock(), "{line}")?;
    } else {
        note(format!("{} is here: {directory}", arguments.output));
    }
    Ok(())
}

/// What is no file is a directory or the name of a set that was pulled. Pipes are files here.
fn is_file(path: &Path) -> bool {
    path == Path::new("-") || (path.exists() && !path.is_dir())
}

/// The texts of a file, or of a part of a directory of pairs.
fn texts(
    context: &Context,
    arguments: &Arguments,
    path: &Path,
    split: Split,
) -> Result<Vec<String>, Failure> {
    let is_file = is_file(path);
    let path = &match is_file {
        true => path.to_owned(),
        false => locate(&context.data_dir, path)?,
    };
    if is_file {
        if !arguments.language.is_empty() && path == &arguments.data {
            return Err(Failure::usage(
                "`--language` chooses among the languages of a directory of pairs; all texts of a \
                 file are learned",
            ));
        }
        if split == Split::Test {
            return Err(Failure::usage(
                "`--validation test` needs a directory of pairs as --data",
            ));
        }
        let lines = prompts::read(path, &arguments.reading, FIELDS)?;
        return Ok(lines.into_iter().map(|line| line.text).collect());
    }
    let languages: Vec<Language> = match arguments.language.as_slice() {
        [] => Language::ALL
            .into_iter()
            .filter(|language| multiparadetox::path(path, *language, split, "neutral").exists())
            .collect(),
        chosen => chosen.to_vec(),
    };
    if languages.is_empty() {
        return Err(
            Failure::new(format!("{}: there are no pairs in it", path.display()))
                .with_help("a directory of pairs has {lang}_{train|test}_{toxic|neutral}.csv"),
        );
    }
    let pairs = multiparadetox::load(path, &languages)?;
    Ok(pairs
        .into_iter()
        .flat_map(|of| match split {
            Split::Train => of.train,
            Split::Test => of.test,
        })
        .map(|pair| pair.neutral)
        .collect())
}

/// Everything that is needed to train the adapter again.
fn record(
    arguments: &Arguments,
    settings: &SftSettings,
    provenance: &protocol::provenance::ModelProvenance,
    data: &[String],
    trained: &TrainedAdapter,
) -> Result<serde_json::Value, Failure> {
    let mut hash = Sha256::new();
    for text in data {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let name = arguments.data.file_name();
    Ok(serde_json::json!({
        "method": "LoRA supervised fine-tuning (arXiv 2106.09685)",
        "model": provenance,
        "data": {
            "name": name.map(|name| name.to_string_lossy()),
            "languages": arguments.language,
            "texts": data.len(),
            "sha256": format!("{:x}", hash.finalize()),
        },
        "settings": settings,
        "steps": trained.steps,
        "tokens": trained.tokens,
        "final_loss": trained.final_loss,
        "validation_loss": trained.validation_loss,
        "end": trained.end,
        "seconds": trained.seconds,
    }))
}

/// Becomes true when the user presses Ctrl-C.
fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let pressed = Arc::new(AtomicBool::new(false));
    let flag = pressed.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
    Ok(pressed)
}
