//! `backend scorer list`.

use std::io::Write;

use clap::Args;
use serde::Serialize;

use crate::cli::Failure;
use crate::scoring::{SCORERS, open};

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
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut entries = Vec::new();
    for choice in SCORERS {
        let identity = match choice.needs_file {
            true => None,
            false => Some(
                open(choice.name, None)
                    .map_err(Failure::new)?
                    .identity()
                    .clone(),
            ),
        };
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
