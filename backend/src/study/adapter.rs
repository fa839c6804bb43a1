//! The adapter of a piece on disk: a directory in PEFT's layout that appears as a whole, with a
//! record of what it was made from.

use std::fs;
use std::path::Path;

use engine::adapter::peft::{CONFIG_FILE, TENSORS_FILE};
use protocol::study::LossPoint;

use super::directory::AdapterRecord;
use super::error::StudyError;
use super::lab::Trained;
use crate::store::{self, Key, StoreError};

/// The record, beside PEFT's files.
pub const RECORD: &str = "record.json";

/// Whether the adapter of that key is there and whole.
///
/// # Errors
/// [`StoreError::Damaged`] when it is not what was written.
pub fn verify(directory: &Path, key: &Key) -> Result<bool, StoreError> {
    let Some(record) = store::read_record::<AdapterRecord>(&directory.join(RECORD))? else {
        return Ok(false);
    };
    if record.key != *key {
        return Ok(false);
    }
    let path = directory.join(TENSORS_FILE);
    let tensors = fs::read(&path).map_err(|source| StoreError::Io {
        path: path.clone(),
        source,
    });
    let whole = match tensors {
        Ok(tensors) => store::sha256(&tensors) == record.sha256,
        Err(_) => false,
    };
    if whole && directory.join(CONFIG_FILE).is_file() {
        return Ok(true);
    }
    Err(StoreError::Damaged {
        path,
        reason: "it is missing, or its checksum does not fit".into(),
    })
}

/// Stores an adapter in the place of whatever is there.
///
/// # Errors
/// A directory that cannot be written.
pub fn store(
    directory: &Path,
    key: &Key,
    trained: &Trained,
    seconds: f64,
    losses: Vec<LossPoint>,
) -> Result<(), StudyError> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let beside = directory.with_file_name(format!(".{name}.partial"));
    clear(&beside)?;
    store::write_bytes(&beside.join(CONFIG_FILE), trained.config.as_bytes())?;
    store::write_bytes(&beside.join(TENSORS_FILE), &trained.tensors)?;
    let record = AdapterRecord {
        key: key.clone(),
        sha256: store::sha256(&trained.tensors),
        steps: trained.steps,
        tokens: trained.tokens,
        final_loss: trained.final_loss,
        seconds,
        losses,
    };
    store::write_record(&beside.join(RECORD), &record)?;
    clear(directory)?;
    Ok(store::publish_directory(&beside, directory)?)
}

/// Takes a directory away, if it is there.
///
/// # Errors
/// What the system says.
pub fn clear(directory: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Io {
            path: directory.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
