//! `backend scorer train`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use scoring::ngram::{NgramScorer, TrainOptions};
use scoring::scorer::Scorer;

use crate::cli::Failure;
use crate::scoring::{self as native, TrainingError};

/// Arguments of `scorer train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Needs the data sets that `backend data list` shows, under one directory. Texts that the test part
of multiparadetox has, or nearly, are left out. The embedded sample is never trained on.")]
pub struct Arguments {
    /// Directory with the data sets
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
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

/// Runs `scorer train`.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let languages = match arguments.languages.as_slice() {
        [] => &Language::ALL[..],
        chosen => chosen,
    };
    let options = TrainOptions {
        penalty: arguments.penalty,
        ..TrainOptions::default()
    };
    let training = native::train(&arguments.data, languages, &arguments.without, &options)
        .map_err(|error| match error {
            TrainingError::Data(error) => Failure::from(error),
            missing @ TrainingError::Missing { .. } => Failure::new(missing)
                .with_help("`backend data list --data DIR` shows which data sets are there"),
        })?;
    let bytes = training.model.to_bytes().map_err(Failure::new)?;
    let identity = NgramScorer::from_bytes(&bytes)
        .map_err(Failure::new)?
        .identity()
        .clone();
    write(&arguments.out, &bytes)?;
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
    writeln!(
        out,
        "{}: {} bytes, {}",
        arguments.out.display(),
        bytes.len(),
        identity.hash
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
