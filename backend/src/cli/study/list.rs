//! `backend study list`.

use std::io::Write;

use clap::Args;
use protocol::study::Preset;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::study::Library;

/// Arguments of `study list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    studies: &'a [protocol::study::StudySummary],
    presets: Vec<&'static str>,
}

/// Runs `study list`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let library = Library::new(&context.data_dir);
    let studies = library.summaries()?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let listed = Listed {
            studies: &studies,
            presets: Preset::ALL.map(Preset::name).to_vec(),
        };
        let text = serde_json::to_string_pretty(&listed).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    for study in &studies {
        let state = serde_json::to_value(study.state).map_err(Failure::new)?;
        writeln!(
            out,
            "{:<20} {:<12} {:>5} of {:<5} {}",
            study.name,
            state.as_str().unwrap_or_default(),
            study.done,
            study.total,
            study.failure.as_ref().unwrap_or(&study.model)
        )?;
    }
    writeln!(out, "presets:")?;
    for preset in Preset::ALL {
        writeln!(out, "  {:<14} {}", preset.name(), preset.about())?;
    }
    Ok(())
}
