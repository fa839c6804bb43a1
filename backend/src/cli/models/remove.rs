//! `backend models remove`

use std::io::Write;

use clap::Args;

use crate::cli::Failure;
use crate::hub::{Hub, ModelId};

/// Arguments of `models remove`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is left of a fetch that did not end goes too. Files that lie outside the \
                  data directory (registered paths) stay."
)]
pub struct Arguments {
    /// Name of the model
    id: ModelId,
}

/// Runs `models remove`.
///
/// # Errors
/// When there is nothing to remove, or another process works on it.
pub fn run(arguments: &Arguments, hub: &Hub) -> Result<(), Failure> {
    let removed = hub.remove(&arguments.id)?;
    let what = match removed.model {
        true => "removed",
        false => "removed what was left of a fetch",
    };
    Ok(writeln!(std::io::stdout(), "{}  {what}", arguments.id)?)
}
