//! `backend train`: learn from texts.

mod progress;
mod sft;

use clap::Subcommand;

use super::{Context, Failure};

/// Arguments of `train`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fine-tune an adapter (LoRA) on texts by plain language modelling
    // Boxed: its many settings are large.
    Sft(Box<sft::Arguments>),
}

/// Runs `train`.
///
/// # Errors
/// As the subcommand.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::Sft(arguments) => sft::run(arguments, context),
    }
}
