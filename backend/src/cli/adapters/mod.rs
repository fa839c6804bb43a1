//! `backend adapters …`: trained changes to models.

mod base;
mod import;
mod list;
mod merge;
mod remove;
mod show;

use clap::{Args, Subcommand};

use super::{Context, Failure};

/// Arguments of `adapters`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do with the adapters
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of `adapters`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the adapters that are here
    List(list::Arguments),
    /// Show what one adapter is: base model, rank, maps, origin
    Show(show::Arguments),
    /// Keep an adapter that PEFT made
    Import(import::Arguments),
    /// Make a model that has an adapter in its weights
    Merge(merge::Arguments),
    /// Take an adapter away
    Remove(remove::Arguments),
}

/// Runs `adapters`.
///
/// # Errors
/// What the store could not do.
pub fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments, context),
        Command::Show(arguments) => show::run(&arguments, context),
        Command::Import(arguments) => import::run(&arguments, context),
        Command::Merge(arguments) => merge::run(&arguments, context),
        Command::Remove(arguments) => remove::run(&arguments, context),
    }
}
