//! `backend adapters remove`

use std::io::Write;

use clap::Args;

use crate::adapters::AdapterStore;
use crate::cli::{Context, Failure};

/// Arguments of `adapters remove`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the adapter
    name: String,
}

/// Runs `adapters remove`.
///
/// # Errors
/// There is no such adapter, or the disk refuses.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    AdapterStore::new(&context.data_dir).remove(&arguments.name)?;
    Ok(writeln!(std::io::stdout(), "{}  removed", arguments.name)?)
}
