//! `backend models verify`

use std::io::Write;

use clap::Args;

use crate::cli::Failure;
use crate::hub::{Hub, ModelId};

/// Arguments of `models verify`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the model; all on disk when left out
    id: Option<ModelId>,
}

/// Runs `models verify`.
///
/// # Errors
/// When a model is not what was recorded; all are looked at before.
pub fn run(arguments: &Arguments, hub: &Hub) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let Some(id) = &arguments.id else {
        let mut wrong = Vec::new();
        for (id, _) in hub.installed()? {
            match hub.verify(&id) {
                Ok(record) => writeln!(out, "{id}  ok  {}", record.sha256())?,
                Err(error) => {
                    writeln!(out, "{id}  wrong  {error}")?;
                    wrong.push(id.to_string());
                }
            }
        }
        return match wrong.is_empty() {
            true => Ok(()),
            false => Err(broken(&wrong.join(", "))),
        };
    };
    match hub.verify(id) {
        Ok(record) => Ok(writeln!(out, "{id}  ok  {}", record.sha256())?),
        Err(error @ crate::hub::HubError::Mismatch { .. }) => {
            writeln!(out, "{id}  wrong  {error}")?;
            Err(broken(id.as_str()))
        }
        Err(error) => Err(error.into()),
    }
}

fn broken(ids: &str) -> Failure {
    Failure::new(format!("not what was recorded: {ids}"))
        .with_help("`backend models remove ID` and `backend models pull ID` fetch it anew")
}
