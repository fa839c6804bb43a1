//! `backend data list`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use scoring::sample;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::data::{DATA_SETS, DataSet, pulled};

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
struct Entry {
    #[serde(flatten)]
    data_set: DataSet,
    path: Option<PathBuf>,
}

/// Runs `data list`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut roots: Vec<PathBuf> = arguments.data.iter().cloned().collect();
    roots.push(pulled(&context.data_dir));
    let entries: Vec<Entry> = DATA_SETS
        .iter()
        .map(|data_set| Entry {
            data_set: *data_set,
            path: roots.iter().find_map(|root| data_set.locate(root)),
        })
        .collect();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&entries).map_err(Failure::new)?
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "{:<15} {:<28} embedded; {}",
        "sample",
        "MIT OR Apache-2.0",
        sample::LABEL
    )?;
    for Entry { data_set, path } in entries {
        let languages: Vec<&str> = data_set.languages.iter().map(|one| one.code()).collect();
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
    Ok(())
}
