//! The adapter of a piece on disk: a directory in PEFT's layout that appears as a whole, with a
//! record of what it was made from.

use std::fs;
use std::path::Path;

use engine::adapter::peft::{CONFIG_FILE, TENSORS_FILE};
use protocol::study::LossPoint;
use serde::{Deserialize, Serialize};

use super::directory::AdapterRecord;
use super::error::StudyError;
use super::lab::Trained;
use crate::adapters::Made;
use crate::store::{self, Key, StoreError};

/// The record, beside PEFT's files.
pub const RECORD: &str = "record.json";
/// Beside the checkpoints of a training.
const EARLIER: &str = "earlier.json";

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
    let tensors = fs::read(&path);
    let damaged = |path| {
        Err(StoreError::Damaged {
            path,
            reason: "it is missing, or its checksum does not fit".into(),
        })
    };
    if !tensors.is_ok_and(|tensors| store::sha256(&tensors) == record.sha256) {
        return damaged(path);
    }
    let path = directory.join(CONFIG_FILE);
    let whole = fs::read(&path).is_ok_and(|config| {
        let kept = record.config_sha256.as_ref();
        kept.is_none_or(|kept| store::sha256(&config) == *kept)
    });
    match whole {
        true => Ok(true),
        false => damaged(path),
    }
}

/// What a training that goes on later would lose: its checkpoint knows the numbers alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Seconds of work until the checkpoint.
    pub seconds: f64,
    /// Steps until the checkpoint.
    pub losses: Vec<LossPoint>,
}

/// Keeps it beside the checkpoint.
pub fn remember(checkpoints: &Path, earlier: &Earlier) {
    // Only to show: no reason to end a training.
    if let Err(error) = store::write_record(&checkpoints.join(EARLIER), earlier) {
        tracing::warn!(%error, "the loss curve of a training cannot be kept");
    }
}

/// What is kept there until that step; nothing, if it cannot be read.
pub fn earlier(checkpoints: &Path, step: u64) -> Earlier {
    let kept = store::read_record::<Earlier>(&checkpoints.join(EARLIER));
    let mut earlier = kept.ok().flatten().unwrap_or_default();
    earlier.losses.retain(|point| point.step as u64 <= step);
    earlier
}

/// Stores an adapter in the place of whatever is there.
///
/// # Errors
/// A directory that cannot be written.
pub fn store(
    directory: &Path,
    key: &Key,
    trained: &Trained,
    made: Made,
    seconds: f64,
    losses: Vec<LossPoint>,
) -> Result<(), StudyError> {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let beside = directory.with_file_name(format!(".{name}.partial"));
    clear(&beside)?;
    store::write_bytes(&beside.join(CONFIG_FILE), trained.config.as_bytes())?;
    store::write_bytes(&beside.join(TENSORS_FILE), &trained.tensors)?;
    // With it the adapter can be used outside the study too.
    let use_record = made
        .record(&trained.tensors)
        .map_err(|error| StudyError::Export(error.to_string()))?;
    store::write_bytes(&beside.join(crate::adapters::RECORD), &use_record)?;
    let record = AdapterRecord {
        key: key.clone(),
        sha256: store::sha256(&trained.tensors),
        config_sha256: Some(store::sha256(trained.config.as_bytes())),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn made() -> Made {
        Made {
            base_model: protocol::adapter::BaseModel {
                model: "m".into(),
                sha256: "0".into(),
            },
            origin: "study s".into(),
            training: None,
        }
    }

    #[test]
    fn a_changed_configuration_is_damage() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("x-ft-de-seed1");
        let key = Key::of(&"one").unwrap();
        let trained = Trained {
            config: r#"{"r": 8}"#.into(),
            tensors: vec![1, 2, 3],
            steps: 1,
            tokens: 1,
            final_loss: 0.5,
        };
        assert!(!verify(&directory, &key).unwrap());
        store(&directory, &key, &trained, made(), 1.0, Vec::new()).unwrap();
        assert!(verify(&directory, &key).unwrap());
        assert!(!verify(&directory, &Key::of(&"other").unwrap()).unwrap());
        fs::write(directory.join(CONFIG_FILE), r#"{"r": 9}"#).unwrap();
        assert!(verify(&directory, &key).is_err());
        // A record of before says nothing about the configuration.
        let mut record: serde_json::Value = store::read_record(&directory.join(RECORD))
            .unwrap()
            .unwrap();
        record.as_object_mut().unwrap().remove("config_sha256");
        store::write_record(&directory.join(RECORD), &record).unwrap();
        assert!(verify(&directory, &key).unwrap());
        fs::remove_file(directory.join(CONFIG_FILE)).unwrap();
        assert!(verify(&directory, &key).is_err());
    }

    #[test]
    fn what_a_training_was_before_is_kept_until_its_checkpoint() {
        let home = tempfile::tempdir().unwrap();
        let checkpoints = home.path().join("checkpoints");
        assert_eq!(earlier(&checkpoints, 3), Earlier::default());
        let point = |step| LossPoint { step, loss: 1.5 };
        let kept = Earlier {
            seconds: 12.5,
            losses: (1..=4).map(point).collect(),
        };
        remember(&checkpoints, &kept);
        let found = earlier(&checkpoints, 3);
        assert_eq!(found.losses, kept.losses[..3]);
        assert!((found.seconds - 12.5).abs() < 1e-9);
    }
}
