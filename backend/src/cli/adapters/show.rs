//! `backend adapters show`

use std::io::Write;

use clap::Args;

use crate::adapters::AdapterStore;
use crate::cli::{Context, Failure};

/// Arguments of `adapters show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the adapter, or a directory in PEFT's layout
    adapter: String,
}

/// Runs `adapters show`.
///
/// # Errors
/// There is no such adapter, or it cannot be understood.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let adapter = AdapterStore::new(&context.data_dir).resolve(&arguments.adapter)?;
    let modules = adapter.config.target_modules.iter();
    let modules: Vec<&str> = modules.map(|module| module.name()).collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "name            {}", adapter.name)?;
    writeln!(out, "directory       {}", adapter.directory.display())?;
    writeln!(out, "rank            {}", adapter.config.rank)?;
    writeln!(out, "alpha           {}", adapter.config.alpha)?;
    writeln!(out, "dropout         {}", adapter.config.dropout)?;
    writeln!(out, "target_modules  {}", modules.join(" "))?;
    match &adapter.record {
        Some(record) => {
            let base = &record.base_model;
            writeln!(out, "base_model      {} {}", base.model, base.sha256)?;
            writeln!(out, "sha256          {}", record.sha256)?;
            writeln!(out, "origin          {}", record.origin)?;
            writeln!(out, "version         {}", record.version)?;
            if let Some(training) = &record.training {
                writeln!(out, "training        {training:#}")?;
            }
        }
        None => {
            let base = adapter.config.base_model.as_deref().unwrap_or("not said");
            writeln!(out, "base_model      {base} (as PEFT recorded it)")?;
        }
    }
    Ok(())
}
