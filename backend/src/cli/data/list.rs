//! `backend data list`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use protocol::language::Language;
use scoring::sample;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::data::{DATA_SETS, DataSet, Kind, SAMPLE, SAMPLE_LICENCE, SAMPLE_SOURCE, pulled};

/// Arguments of `data list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory in which to look for them, before where `data pull` puts them
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Sample {
        name: &'static str,
        kind: Kind,
        source: &'static str,
        licence: &'static str,
        languages: &'static [Language],
        label: &'static str,
        embedded: bool,
    },
    Known {
        #[serde(flatten)]
        data_set: DataSet,
        path: Option<PathBuf>,
    },
}

/// Runs `data list`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut roots: Vec<PathBuf> = arguments.data.iter().cloned().collect();
    roots.push(pulled(&context.data_dir));
    let mut entries = vec![Entry::Sample {
        name: SAMPLE,
        kind: Kind::Pairs,
        source: SAMPLE_SOURCE,
        licence: SAMPLE_LICENCE,
        languages: &Language::ALL,
        label: sample::LABEL,
        embedded: true,
    }];
    entries.extend(DATA_SETS.iter().map(|data_set| Entry::Known {
        data_set: *data_set,
        path: roots.iter().find_map(|root| data_set.locate(root)),
    }));
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
        match entry {
            Entry::Sample {
                name,
                licence,
                label,
                ..
            } => writeln!(out, "{name:<15} {licence:<28} embedded; {label}")?,
            Entry::Known { data_set, path } => {
                let languages: Vec<&str> =
                    data_set.languages.iter().map(|one| one.code()).collect();
                let place = path.map_or_else(String::new, |path| format!("; {}", path.display()));
                writeln!(
                    out,
                    "{:<15} {:<14} {:<20} {}{place}",
                    data_set.name,
                    data_set.licence,
                    languages.join(" "),
                    data_set.source
                )?;
            }
        }
    }
    Ok(())
}
