//! `backend scorer list`.

use std::io::Write;

use clap::Args;
use scoring::scorer::ScorerIdentity;
use serde::Serialize;

use crate::cli::note::note;
use crate::cli::{Context, Failure};
use crate::scoring::probe::default_path;
use crate::scoring::{SCORERS, ScorerChoice, open_in};

/// Arguments of `scorer list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    about: &'static str,
    version: Option<String>,
    hash: Option<String>,
    languages: Vec<protocol::language::Language>,
}

/// Runs `scorer list`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut entries = Vec::new();
    for choice in SCORERS {
        let identity = identity(choice, context)?;
        entries.push(Entry {
            name: choice.name,
            about: choice.about,
            version: identity.as_ref().map(|identity| identity.version.clone()),
            hash: identity.as_ref().map(|identity| identity.hash.clone()),
            languages: identity
                .map(|identity| identity.languages)
                .unwrap_or_default(),
        });
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&entries).map_err(Failure::new)?
        )?;
        return Ok(());
    }
    for entry in entries {
        let languages: Vec<&str> = entry
            .languages
            .iter()
            .map(|language| language.code())
            .collect();
        writeln!(
            out,
            "{:<17} {:<9} {:<13} {:<21} {}",
            entry.name,
            entry.version.unwrap_or_default(),
            entry.hash.unwrap_or_default(),
            languages.join(" "),
            entry.about
        )?;
    }
    Ok(())
}

/// Of a scorer that needs no file, and of the probe that was trained here.
fn identity(choice: &ScorerChoice, context: &Context) -> Result<Option<ScorerIdentity>, Failure> {
    let opened = open_in(&context.data_dir, choice.name, None);
    match opened {
        Ok(scorer) => Ok(Some(scorer.identity().clone())),
        Err(error) if !choice.needs_file => Err(Failure::new(error)),
        Err(error) => {
            if choice.name == "probe" && default_path(&context.data_dir).exists() {
                note(error);
            }
            Ok(None)
        }
    }
}
