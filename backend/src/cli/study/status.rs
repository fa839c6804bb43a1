//! `backend study status`.

use std::io::Write;

use clap::Args;

use crate::cli::models::units;
use crate::cli::{Context, Failure};
use crate::study::Library;

/// Arguments of `study status`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The study
    #[arg(value_name = "STUDY")]
    study: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `study status`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let status = Library::new(&context.data_dir)
        .look_at(&arguments.study)?
        .status()?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string_pretty(&status).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    let summary = &status.summary;
    writeln!(out, "{}  {}", summary.name, summary.title)?;
    if let Some(label) = &summary.label {
        writeln!(out, "{label}")?;
    }
    let state = serde_json::to_value(summary.state).map_err(Failure::new)?;
    writeln!(
        out,
        "{}, {} of work",
        state.as_str().unwrap_or_default(),
        units::duration(status.elapsed_seconds)
    )?;
    if let Some(failure) = &summary.failure {
        writeln!(out, "{failure}")?;
    }
    for count in &status.pieces {
        let kind = count.kind.name();
        writeln!(out, "  {kind:<12}{:>6} of {}", count.done, count.total)?;
    }
    if let Some(current) = &status.current {
        writeln!(
            out,
            "now: {} {} {:.0} %",
            current.kind.name(),
            current.label,
            100.0 * current.fraction
        )?;
    }
    if let Some(rate) = status.tokens_per_second {
        writeln!(out, "{rate:.0} tokens/s")?;
    }
    if let Some(seconds) = status.eta_seconds {
        writeln!(out, "about {} left", units::duration(seconds))?;
    }
    Ok(())
}
