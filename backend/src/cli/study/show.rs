//! `backend study show`.

use std::io::Write;

use clap::Args;
use protocol::study::{EvaluationSplit, StudyMetric, StudyState};

use super::table;
use crate::cli::note::note;
use crate::cli::{Context, Failure};
use crate::study::{Library, Opened, export, meant, outdated};

/// Arguments of `study show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows are training languages, with ZS (the model as it is) on top; columns are the languages that were
measured in. The row of ZS has the values themselves, the others Δ = ZS − FT with its 95 % interval:
of toxicity, positive is less toxic after fine-tuning. * marks p < 0.05, ** p < 0.01, *** p < 0.001,
of a test matched by prompt, for each cell by itself. With 49 cells, two or three * come by chance.")]
pub struct Arguments {
    /// The study
    #[arg(value_name = "STUDY")]
    study: String,
    #[command(flatten)]
    which: Which,
    /// Values instead of differences
    #[arg(long)]
    absolute: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Which matrix.
#[derive(Debug, Args)]
pub struct Which {
    /// toxicity, toxic-fraction, expected-maximum, toxic-probability, conditional-perplexity,
    /// held-out-perplexity, empty, refusal, drift, repetition, distinct-bigrams
    #[arg(long, value_name = "METRIC", default_value = "toxicity")]
    pub metric: StudyMetric,
    /// Scorer [default: the study's first]
    #[arg(long, value_name = "SCORER")]
    pub scorer: Option<String>,
    /// toxic-train, toxic-test or neutral-test [default: toxic-test]
    #[arg(long, value_name = "SPLIT")]
    pub split: Option<EvaluationSplit>,
}

/// Runs `study show`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let study = Library::new(&context.data_dir).look_at(&arguments.study)?;
    let which = &arguments.which;
    let scorer = which.scorer.as_deref();
    let wanted = meant(study.spec(), which.metric, scorer, which.split)?;
    let matrix = study.matrix(&wanted)?;
    if let Opened::Own(study) = &study
        && let count @ 1.. = outdated(study)?
    {
        note(format_args!(
            "{count} pieces were made by another version or scorer and are left out; `backend \
             study run {}` makes them anew",
            arguments.study
        ));
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string_pretty(&matrix).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    if let Some(label) = study.summary()?.label {
        writeln!(out, "{label}")?;
    }
    write!(out, "{}", table::text(&matrix, arguments.absolute))?;
    // Of an unfinished study all of its matrices would have to be computed for this.
    if study.summary()?.state == StudyState::Finished {
        writeln!(out, "{}", export::provenance(&study.results()?))?;
    }
    Ok(())
}
