//! `backend scorer`: the toxicity scorers, and how far to trust them.

mod compare;
mod eval;
mod list;
mod train;

use clap::{Args, Subcommand};

use super::{Context, Failure};

/// Arguments of `scorer`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the scorers
    List(list::Arguments),
    /// Measure a scorer on labelled pairs and clean text
    Eval(eval::Arguments),
    /// Train the ngram scorer or the probe; the same data give the same file, bit for bit
    Train(train::Arguments),
    /// Score the same texts with two scorers
    Compare(compare::Arguments),
}

/// Runs `scorer`.
///
/// # Errors
/// As the subcommands.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, context),
        Command::Eval(arguments) => eval::run(arguments, context),
        Command::Train(arguments) => train::run(arguments, context),
        Command::Compare(arguments) => compare::run(arguments, context),
    }
}
