//! The command line: one file per subcommand. A subcommand is an `Arguments` struct and a
//! `run(arguments, &Context) -> Result<(), Failure>`.

pub mod adapters;
pub mod bench;
pub mod data;
pub mod devices;
mod failure;
pub mod generate;
mod interruptible;
pub mod model_options;
pub mod models;
mod note;
mod one_line;
pub mod perplexity;
mod progress;
mod prompts;
pub mod score;
pub mod scorer;
pub mod serve;
pub mod study;
pub mod train;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};

pub use failure::Failure;

/// Multilingual text detoxification: runs, measures and serves language models.
#[derive(Debug, Parser)]
#[command(name = "backend", version, max_term_width = 100)]
pub struct Cli {
    /// Directory of models and records
    /// [default: the `polydetox` folder of the user's data directory]
    #[arg(long, global = true, env = "POLYDETOX_HOME", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Tell more on stderr; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// What to do; `serve` if nothing is named
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch, look at and take away models
    Models(models::Arguments),
    /// Trained changes to models: list, show, import, remove
    Adapters(adapters::Arguments),
    /// Continue prompts
    Generate(generate::Arguments),
    /// Measure how likely a model finds texts
    Perplexity(perplexity::Arguments),
    /// Look at data sets: list, check, show, pull
    Data(data::Arguments),
    /// Score texts: toxicity or perplexity
    Score(score::Arguments),
    /// The toxicity scorers: list, eval, train, compare
    Scorer(scorer::Arguments),
    /// Studies: fine-tune in one language, measure in all
    Study(study::Arguments),
    /// Learn from texts: fine-tune adapters
    Train(train::Arguments),
    /// Serve the page and the API
    Serve(serve::Arguments),
    /// Show what models can run on
    Devices(devices::Arguments),
    /// Measure speed and memory; `cargo xtask bench` compares them with other programs'
    Bench(bench::Arguments),
}

/// What every subcommand gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// Directory of models and records; may not exist yet.
    pub data_dir: PathBuf,
}

/// Runs the program with its arguments (the program's own name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version also arrive here; clap knows stream and status. A closed stream
            // leaves nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    log_to_stderr(cli.verbose);
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    let context = Context {
        data_dir: data_dir(cli.data_dir)?,
    };
    match cli.command {
        Some(Command::Models(arguments)) => models::run(arguments, &context),
        Some(Command::Adapters(arguments)) => adapters::run(arguments, &context),
        Some(Command::Generate(arguments)) => generate::run(&arguments, &context),
        Some(Command::Perplexity(arguments)) => perplexity::run(&arguments, &context),
        Some(Command::Data(arguments)) => data::run(&arguments, &context),
        Some(Command::Score(arguments)) => score::run(&arguments, &context),
        Some(Command::Scorer(arguments)) => scorer::run(&arguments, &context),
        Some(Command::Study(arguments)) => study::run(&arguments, &context),
        Some(Command::Train(arguments)) => train::run(&arguments, &context),
        Some(Command::Serve(arguments)) => serve::run(&arguments, &context),
        Some(Command::Devices(arguments)) => devices::run(&arguments, &context),
        Some(Command::Bench(arguments)) => bench::run(&arguments, &context),
        // Parsed, not built, so that the environment counts here too.
        None => match Cli::try_parse_from(["backend", "serve"]).map(|cli| cli.command) {
            Ok(Some(Command::Serve(arguments))) => serve::run(&arguments, &context),
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::usage(error.render())),
        },
    }
}

fn data_dir(chosen: Option<PathBuf>) -> Result<PathBuf, Failure> {
    chosen
        .filter(|path| !path.as_os_str().is_empty())
        .or_else(|| dirs::data_dir().map(|path| path.join("polydetox")))
        .ok_or_else(|| {
            Failure::usage("this user has no data directory")
                .with_help("name one with --data-dir DIR or POLYDETOX_HOME")
        })
}

/// Warnings always, more with each `-v`; `POLYDETOX_LOG` overrides (for example `backend=trace`).
fn log_to_stderr(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info,backend=debug",
        _ => "debug,backend=trace,engine=trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("POLYDETOX_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // A second call (tests run several commands in one process) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
