//! `backend score`: numbers for texts.

mod toxicity;

use clap::{Args, Subcommand};

use super::{Context, Failure, perplexity};

/// Arguments of `score`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How toxic texts are
    Toxicity(toxicity::Arguments),
    /// How likely a model finds texts; the same as `backend perplexity`
    Perplexity(Box<perplexity::Arguments>),
}

/// Runs `score`.
///
/// # Errors
/// As the subcommands.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::Toxicity(arguments) => toxicity::run(arguments, context),
        Command::Perplexity(arguments) => perplexity::run(arguments, context),
    }
}
