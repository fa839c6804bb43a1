//! `backend study new`.

use std::io::Write;

use clap::Args;

use super::spec_options::SpecOptions;
use crate::cli::{Context, Failure};
use crate::study::spec_toml;

/// Arguments of `study new`.
#[derive(Debug, Args)]
#[command(after_help = "\
The specification goes to stdout as TOML: `backend study new quick --print > mine.toml` is where a
study of your own begins; `backend study run mine.toml` runs it.")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecOptions,
    /// Only print the specification, make nothing
    #[arg(long)]
    print: bool,
}

/// Runs `study new`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if arguments.print {
        write!(out, "{}", spec_toml(&arguments.spec.spec(context)?)?)?;
        return Ok(());
    }
    let study = arguments.spec.study(context)?;
    write!(out, "{}", spec_toml(study.spec())?)?;
    crate::cli::note::note(format_args!(
        "made in {}; `backend study run {}` runs it",
        study.path().display(),
        study.spec().name
    ));
    Ok(())
}
