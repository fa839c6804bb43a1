//! `backend devices`: what models can run on.

use std::io::Write;

use clap::Args;

use super::{Context, Failure};
use crate::executor;

/// Arguments of `devices`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON object a line: name, description, memory_bytes, dtypes
    #[arg(long)]
    pub json: bool,
}

/// Runs `devices`.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments, _context: &Context) -> Result<(), Failure> {
    let devices = executor::devices();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        for device in &devices {
            let value = serde_json::json!({
                "name": device.name,
                "description": device.description,
                "memory_bytes": device.memory_bytes,
                "dtypes": device.dtypes,
            });
            writeln!(out, "{value}")?;
        }
        return Ok(());
    }
    let width = |text: &str| text.chars().count();
    let name = devices.iter().map(|d| width(&d.name)).max().unwrap_or(0);
    let what = devices.iter().map(|d| width(&d.description)).max();
    let what = what.unwrap_or(0);
    for device in &devices {
        let memory = device.memory_bytes.map_or_else(
            || "memory unknown".to_owned(),
            |bytes| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
        );
        let dtypes = device.dtypes.join(" ");
        writeln!(
            out,
            "{:name$}  {:what$}  {memory:>10}  {dtypes}",
            device.name, device.description
        )?;
    }
    Ok(())
}
