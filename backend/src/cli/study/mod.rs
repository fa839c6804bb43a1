//! `backend study`: grids of fine-tuning and measuring, made once and continued until they are
//! done.

mod export;
mod list;
mod new;
mod run;
mod show;
mod spec_options;
mod status;
mod table;
mod telling;

use clap::{Args, Subcommand};

use super::{Context, Failure};
use crate::study::StudyError;

/// Arguments of `study`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a study from a preset or a file, without running it
    New(new::Arguments),
    /// Run a study, or go on with it
    Run(run::Arguments),
    /// Show how far a study is
    Status(status::Arguments),
    /// Show a matrix of a study
    Show(show::Arguments),
    /// Write the results of a study
    Export(export::Arguments),
    /// Show the studies and presets
    List(list::Arguments),
}

/// Runs `study`.
///
/// # Errors
/// As the subcommands.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, context),
        Command::Run(arguments) => run::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::List(arguments) => list::run(arguments, context),
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        let help = error.help();
        let failure = match error {
            StudyError::Field(_)
            | StudyError::Unknown { .. }
            | StudyError::Specification { .. }
            | StudyError::NoData { .. } => Self::usage(error),
            other => Self::new(other),
        };
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
