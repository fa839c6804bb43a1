//! `backend study export`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::show::Which;
use crate::cli::note::note;
use crate::cli::{Context, Failure};
use crate::store::write_bytes;
use crate::study::{Library, Opened, StudyError, export, matrix_of};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Every cell of every matrix, one a line
    Csv,
    /// The whole study in one file
    Json,
    /// One matrix as a LaTeX table (booktabs)
    Latex,
    /// One matrix as a picture
    Svg,
    /// One matrix as a picture in pixels
    Png,
    /// All prompts, completions and scores
    Parquet,
}

/// Arguments of `study export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The study
    #[arg(value_name = "STUDY")]
    study: String,
    /// What to write
    #[arg(short, long, value_enum)]
    format: Format,
    /// File to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    /// Values instead of differences
    #[arg(long)]
    absolute: bool,
    /// With `json`: so many texts of each cell, those that changed most, without their prompts
    #[arg(long, value_name = "N", default_value_t = 0)]
    samples: usize,
}

/// Runs `study export`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let study = Library::new(&context.data_dir).look_at(&arguments.study)?;
    let mut whole = study.results()?;
    let which = &arguments.which;
    let matrix = || matrix_of(&whole, which.metric, which.scorer.as_deref(), which.split).cloned();
    let bytes = match arguments.format {
        Format::Csv => export::csv(&whole)?,
        Format::Json => {
            if let Opened::Own(study) = &study {
                whole.samples = export::selection(study, arguments.samples)?;
            }
            export::json(&whole)?
        }
        Format::Latex => export::latex(&whole, &matrix()?, arguments.absolute),
        Format::Svg => export::svg(&whole, &matrix()?, arguments.absolute),
        Format::Png => export::png(&whole, &matrix()?, arguments.absolute)?,
        Format::Parquet => export::parquet(&study)?,
    };
    match &arguments.output {
        Some(path) => {
            write_bytes(path, &bytes).map_err(StudyError::from)?;
            note(format_args!("{}: {} bytes", path.display(), bytes.len()));
        }
        None => std::io::stdout().lock().write_all(&bytes)?,
    }
    Ok(())
}
