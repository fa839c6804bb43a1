//! `backend adapters list`

use std::io::Write;

use clap::Args;
use protocol::adapter::{AdapterList, BrokenAdapter};

use crate::adapters::AdapterStore;
use crate::cli::{Context, Failure};

/// Arguments of `adapters list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON object, as `GET /api/adapters` answers, instead of a table
    #[arg(long)]
    json: bool,
}

/// Runs `adapters list`.
///
/// # Errors
/// When the data directory cannot be read.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let list = AdapterStore::new(&context.data_dir).entries()?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &list).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    let AdapterList { adapters, broken } = list;
    let names = adapters.iter().map(|adapter| adapter.name.len());
    let names = names.chain(broken.iter().map(|adapter| adapter.name.len()));
    let widest = names.max().unwrap_or(0);
    for adapter in adapters {
        writeln!(
            out,
            "{:widest$}  {}  rank {} of {}  ({})",
            adapter.name,
            adapter.base_model.model,
            adapter.rank,
            adapter.target_modules.join(" "),
            adapter.origin
        )?;
    }
    for BrokenAdapter { name, error } in broken {
        writeln!(out, "{name:widest$}  broken: {error}")?;
    }
    Ok(())
}
