//! `backend models list`

use std::io::Write;

use clap::Args;
use serde::Serialize;

use super::units;
use crate::cli::Failure;
use crate::hub::{Hub, HubError};

/// Arguments of `models list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// One JSON array instead of a table
    #[arg(long)]
    json: bool,
}

/// One line of the list.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    title: String,
    family: String,
    languages: Vec<String>,
    licence: String,
    bytes: u64,
    /// On disk and with a usable record.
    installed: bool,
    /// SHA-256 that provenance records, when installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Why a model on disk cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn lines(hub: &Hub) -> Result<Vec<Line>, HubError> {
    let mut lines: Vec<Line> = hub
        .manifest()
        .models
        .iter()
        .map(|model| Line {
            id: model.id.to_string(),
            title: model.title.clone(),
            family: model.family.clone(),
            languages: model.languages.clone(),
            licence: model.licence.name.clone(),
            bytes: model.bytes(),
            installed: false,
            sha256: None,
            error: None,
        })
        .collect();
    for (id, record) in hub.installed()? {
        let known = lines.iter().position(|line| line.id == id.as_str());
        let line = match record {
            Ok(record) => Line {
                bytes: record.bytes(),
                sha256: Some(record.sha256()),
                id: id.into(),
                title: record.title,
                family: record.family,
                languages: record.languages,
                licence: record.licence.name,
                installed: true,
                error: None,
            },
            Err(error) => Line {
                id: id.into(),
                title: String::new(),
                family: String::new(),
                languages: Vec::new(),
                licence: String::new(),
                bytes: 0,
                installed: false,
                sha256: None,
                error: Some(error.to_string()),
            },
        };
        match known.and_then(|index| lines.get_mut(index)) {
            Some(place) => *place = line,
            None => lines.push(line),
        }
    }
    Ok(lines)
}

/// Runs `models list`.
///
/// # Errors
/// When the data directory cannot be read.
pub fn run(arguments: &Arguments, hub: &Hub) -> Result<(), Failure> {
    let lines = lines(hub)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &lines).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    let widest = lines.iter().map(|line| line.id.len()).max().unwrap_or(0);
    for line in &lines {
        let state = match (&line.error, line.installed) {
            (Some(_), _) => "broken",
            (None, true) => "here",
            (None, false) => "to fetch",
        };
        writeln!(
            out,
            "{:widest$}  {state:8}  {:>9}  {}",
            line.id,
            units::bytes(line.bytes),
            match &line.error {
                Some(error) => error.clone(),
                None => format!(
                    "{} [{}] ({})",
                    line.title,
                    line.languages.join(" "),
                    line.licence
                ),
            },
        )?;
    }
    Ok(())
}
