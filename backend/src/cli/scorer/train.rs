//! `backend scorer train`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use protocol::language::Language;
use scoring::ngram::{NgramScorer, TrainOptions};
use scoring::scorer::Scorer;

use crate::cli::model_options::DEFAULT_MODEL;
use crate::cli::note::note;
use crate::cli::progress::progress;
use crate::cli::{Context, Failure};
use crate::data::locate;
use crate::scoring::probe::{default_path, train};
use crate::scoring::{self as native, TrainingError, TrainingStep};

/// Arguments of `scorer train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Needs the data sets that `backend data list` shows, under one directory. Texts that the test part
of multiparadetox has, or nearly, are left out. The embedded sample is never trained on.

The probe is trained on the pairs of multiparadetox and, if it is there, some of Tatoeba; it belongs
to the model whose hidden states it reads.")]
pub struct Arguments {
    /// Which scorer
    #[arg(value_enum, default_value_t = Trained::Ngram)]
    scorer: Trained,
    /// Directory with the data sets
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where it goes [default for the probe: where --scorer probe looks for it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The probe's model
    #[arg(short, long, value_name = "MODEL", default_value = DEFAULT_MODEL)]
    model: String,
    /// Pairs per language for the probe
    #[arg(long, value_name = "N", default_value_t = 300)]
    pairs: usize,
    /// Languages [default: all seven]
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    languages: Vec<Language>,
    /// Leave out a data set, to test on it; can be given several times
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Pull of the weights towards zero
    #[arg(long, default_value_t = TrainOptions::default().penalty)]
    penalty: f64,
}

/// What can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trained {
    /// Character n-grams
    Ngram,
    /// A linear probe on a model's hidden states
    Probe,
}

/// Runs `scorer train`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let languages = match arguments.languages.as_slice() {
        [] => &Language::ALL[..],
        chosen => chosen,
    };
    let out = match (arguments.scorer, &arguments.out) {
        (Trained::Probe, out) => return probe(arguments, out.as_deref(), languages, context),
        (Trained::Ngram, Some(out)) => out,
        (Trained::Ngram, None) => return Err(Failure::usage("`--out` says where it goes")),
    };
    let options = TrainOptions {
        penalty: arguments.penalty,
        ..TrainOptions::default()
    };
    let start = Instant::now();
    let told = |language: Language, step: TrainingStep| {
        let seconds = start.elapsed().as_secs();
        note(match step {
            TrainingStep::Reading => format!("{language}: reading its texts"),
            TrainingStep::Fitting { examples } => format!(
                "{language}: fitting to {examples} examples, {} times ({seconds} s so far)",
                options.folds + 1
            ),
            TrainingStep::Done => format!("{language}: done after {seconds} s"),
        });
    };
    let training = native::train(
        &arguments.data,
        languages,
        &arguments.without,
        &options,
        &told,
    )
    .map_err(|error| match error {
        TrainingError::Data(error) => Failure::from(error),
        broken @ TrainingError::Written(_) => Failure::new(broken),
        missing @ TrainingError::Missing { .. } => Failure::new(missing)
            .with_help("`backend data list --data DIR` shows which data sets are there"),
    })?;
    let bytes = training.model.to_bytes().map_err(Failure::new)?;
    let identity = NgramScorer::from_bytes(&bytes)
        .map_err(Failure::new)?
        .identity()
        .clone();
    write(out, &bytes)?;
    let place = out.display();
    let mut out = std::io::stdout().lock();
    for source in &training.model.card.sources {
        writeln!(
            out,
            "{}\t{}\t{} toxic\t{} clean",
            source.language, source.source, source.toxic, source.clean
        )?;
    }
    for (language, source, count) in &training.excluded {
        writeln!(
            out,
            "{language}\t{source}\t{count} left out: a test has them or nearly"
        )?;
    }
    writeln!(out, "{place}: {} bytes, {}", bytes.len(), identity.hash)?;
    Ok(())
}

fn probe(
    arguments: &Arguments,
    out: Option<&Path>,
    languages: &[Language],
    context: &Context,
) -> Result<(), Failure> {
    let bar = progress(0, "texts");
    let root = locate(&context.data_dir, &arguments.data)?;
    let codes: Vec<&str> = languages.iter().map(|language| language.code()).collect();
    note(format!(
        "reading up to {} pairs of each of {}, then the hidden states of {}",
        arguments.pairs,
        codes.join(", "),
        arguments.model
    ));
    let training = train(
        &context.data_dir,
        &arguments.model,
        (&root, languages),
        arguments.pairs,
        &mut |read, of| {
            bar.set_length(of as u64);
            bar.set_position(read as u64);
        },
    )
    .map_err(Failure::new)?;
    bar.finish_and_clear();
    let path = out.map_or_else(|| default_path(&context.data_dir), Path::to_owned);
    let probe = &training.probe;
    probe.write(&path)?;
    let (toxic, clean) = probe.texts;
    writeln!(
        std::io::stdout().lock(),
        "{toxic} toxic and {clean} clean texts; {} left out: a test has them or nearly\n\
         AUC in cross-validation {:.3} at penalty {}\n\
         {}: {} numbers for {} ({}), {}",
        training.excluded,
        probe.cross_validated_auc,
        probe.penalty,
        path.display(),
        probe.weights.len() + 1,
        probe.model,
        probe.model_weights,
        probe.hash()
    )?;
    Ok(())
}

/// Whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let about = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(about)?;
    file.write_all(bytes).map_err(about)?;
    file.as_file().sync_all().map_err(about)?;
    file.persist(path).map_err(|error| about(error.error))?;
    Ok(())
}
