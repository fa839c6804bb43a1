//! `backend data`: the data sets.

mod check;
mod list;
mod pull;
mod report;
mod show;

use clap::{Args, Subcommand};

use super::{Context, Failure};

/// Arguments of `data`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the known data sets, with source and licence
    List(list::Arguments),
    /// Look for duplicates, wrong scripts, overlap of train and test, bad rows
    Check(check::Arguments),
    /// Fetch a data set from its public home
    Pull(pull::Arguments),
    /// Show texts of a data set
    Show(show::Arguments),
}

/// Runs `data`.
///
/// # Errors
/// As the subcommands.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, context),
        Command::Check(arguments) => check::run(arguments, context),
        Command::Pull(arguments) => pull::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
    }
}
