//! `backend models …`: fetch, look at and take away models.

mod inspect;
mod list;
pub(crate) mod new_file;
mod pull;
mod remove;
mod telling;
pub(crate) mod trim;
pub(crate) mod units;
mod verify;

use clap::{Args, Subcommand};

pub(super) use pull::Observer;

use super::{Context, Failure};
use crate::hub::Hub;

/// Arguments of `models`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do with the models
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of `models`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the models that are here and those that can be fetched
    List(list::Arguments),
    /// Fetch a model
    Pull(pull::Arguments),
    /// Show what a model's files say: metadata, tensors, tokenizer, licence
    Inspect(inspect::Arguments),
    /// Make a smaller model that keeps only the tokens some languages need
    Trim(trim::Arguments),
    /// Compute the hashes of models on disk anew
    Verify(verify::Arguments),
    /// Take a model away
    Remove(remove::Arguments),
}

/// Runs `models`.
///
/// # Errors
/// What the hub could not do.
pub fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let hub = Hub::new(&context.data_dir)?;
    match arguments.command {
        Command::List(arguments) => list::run(&arguments, &hub),
        Command::Pull(arguments) => pull::run(arguments, &hub),
        Command::Inspect(arguments) => inspect::run(&arguments, &hub),
        Command::Trim(arguments) => trim::run(arguments, &hub, &context.data_dir),
        Command::Verify(arguments) => verify::run(&arguments, &hub),
        Command::Remove(arguments) => remove::run(&arguments, &hub),
    }
}
