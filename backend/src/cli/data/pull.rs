//! `backend data pull`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::check::known;
use crate::cli::models::Observer;
use crate::cli::note::note;
use crate::cli::{Context, Failure};
use crate::data::SAMPLE;
use crate::data::pull::{DataPullError, DataPullOptions, Home, HomeChoice, pull};
use crate::hub::HuggingFace;

/// Arguments of `data pull`.
#[derive(Debug, Args)]
#[command(
    after_help = "The licence and the source are shown before the first download. On a terminal \
                  you are asked whether you accept them; where nobody can be asked (pipes, \
                  scripts, CI) they are printed, and fetching goes on.\n\n\
                  The data set is then found by its name: `backend data check NAME`, and --data \
                  NAME of other commands.\n\n\
                  HF_ENDPOINT, HF_TOKEN and HF_HOME are heeded for Hugging Face."
)]
pub struct Arguments {
    /// Name of the data set (`backend data list` shows them)
    #[arg(value_name = "NAME")]
    name: String,
    /// Only this source: `hf`, `files` (of the authors' repository), or a directory with those files
    #[arg(long, value_name = "hf|files|DIR")]
    source: Option<String>,
    /// Accept the licence without being asked
    #[arg(
        long,
        visible_alias = "accept-licence",
        env = "POLYDETOX_ACCEPT_LICENSE", value_parser = FalseyValueParser::new()
    )]
    accept_license: bool,
    /// Fail at once when another process is fetching the same data set
    #[arg(long)]
    no_wait: bool,
    /// One JSON object per line on stdout for everything that happens
    #[arg(long)]
    json: bool,
}

/// Runs `data pull`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    if arguments.name == SAMPLE {
        let said = "the sample is built into the program; there is nothing to fetch";
        match arguments.json {
            true => note(said),
            false => writeln!(std::io::stdout().lock(), "{said}")?,
        }
        return Ok(());
    }
    let set = known(&arguments.name)?;
    let home = match arguments.source.as_deref() {
        None => HomeChoice::Any,
        Some("hf") => HomeChoice::HuggingFace,
        Some("files") => HomeChoice::Files,
        Some(path) if PathBuf::from(path).is_dir() => HomeChoice::Directory(path.into()),
        Some(other) => {
            return Err(
                Failure::usage(format!("`source`: `{other}` is neither hf nor files"))
                    .with_help("a directory must exist"),
            );
        }
    };
    let options = DataPullOptions {
        home,
        wait: !arguments.no_wait,
        hugging_face: HuggingFace::from_environment(),
    };
    let mut observer = Observer::new(arguments.json, arguments.accept_license);
    let homes = Home::of(set.name)?;
    let record = pull(&context.data_dir, set, &homes, &options, &mut observer)?;
    if !arguments.json {
        writeln!(
            std::io::stdout().lock(),
            "{}: {} files of {}, licence {}; from {}",
            record.name,
            record.files.len(),
            record.source,
            record.licence,
            record.origin
        )?;
    }
    Ok(())
}

impl From<DataPullError> for Failure {
    fn from(error: DataPullError) -> Self {
        let failure = Self::new(&error);
        match error.help() {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
