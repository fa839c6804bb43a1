//! A run's state in one file, so that it appears whole or not at all: a line of JSON, then the
//! numbers in little-endian single precision. The order of the texts and dropout follow from seed
//! and update number, so they need no place here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::TrainingError;
use crate::hub::{HubError, atomic, digest};

/// Name of the file in the directory of checkpoints.
const FILE: &str = "checkpoint.bin";
/// Changes when older files can no longer be read.
const VERSION: u32 = 1;

/// How far a run has come, without its many numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// Updates made.
    pub(super) step: u64,
    /// Tokens learned from.
    pub(super) tokens: u64,
    /// Loss of the last update.
    pub(super) loss: Option<f64>,
    /// Lowest validation loss so far.
    pub(super) best: Option<f64>,
    /// Validations since then.
    pub(super) validations_since_best: u32,
    /// Whether the validation loss ended the run.
    pub(super) stopped_early: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    /// Of model, texts and settings.
    run: String,
    progress: Progress,
    /// Lengths of the lists that follow.
    lengths: Vec<usize>,
    /// SHA-256 of what follows.
    sha256: String,
}

/// Progress, and the lists of numbers as they were saved.
pub(super) type Saved = (Progress, Vec<Vec<f32>>);

/// Where a run keeps its state.
pub(super) struct Checkpoints {
    path: PathBuf,
    run: String,
}

impl Checkpoints {
    /// In `directory`, for the run with this fingerprint.
    pub(super) fn new(directory: &Path, run: String) -> Self {
        Self {
            path: directory.join(FILE),
            run,
        }
    }

    /// Writes progress and numbers in place of what was there.
    pub(super) fn save(&self, progress: &Progress, lists: &[&[f32]]) -> Result<(), TrainingError> {
        let numbers: Vec<u8> = lists
            .iter()
            .flat_map(|list| list.iter().flat_map(|value| value.to_le_bytes()))
            .collect();
        let header = Header {
            version: VERSION,
            run: self.run.clone(),
            progress: progress.clone(),
            lengths: lists.iter().map(|list| list.len()).collect(),
            sha256: digest::hexadecimal(Sha256::new_with_prefix(&numbers)),
        };
        let mut bytes = serde_json::to_vec(&header).map_err(|error| self.broken(error))?;
        bytes.push(b'\n');
        bytes.extend(numbers);
        Ok(atomic::write_bytes(&self.path, &bytes)?)
    }

    /// What was written last; `None` where nothing was.
    pub(super) fn load(&self) -> Result<Option<Saved>, TrainingError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(HubError::io(&self.path)(error).into()),
        };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| self.broken("it has no header"))?;
        let (header, numbers) = (&bytes[..end], &bytes[end + 1..]);
        let header: Header = serde_json::from_slice(header).map_err(|error| self.broken(error))?;
        if header.version != VERSION {
            let version = header.version;
            return Err(self.broken(format!(
                "it is of version {version}, this program writes version {VERSION}"
            )));
        }
        if header.run != self.run {
            return Err(TrainingError::OtherRun(self.path.clone()));
        }
        if digest::hexadecimal(Sha256::new_with_prefix(numbers)) != header.sha256 {
            return Err(self.broken("its numbers are not those that were written"));
        }
        let mut values = numbers
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes));
        let lists = header
            .lengths
            .iter()
            .map(|length| values.by_ref().take(*length).collect())
            .collect();
        Ok(Some((header.progress, lists)))
    }

    /// A checkpoint that cannot be used.
    pub(super) fn broken(&self, reason: impl ToString) -> TrainingError {
        TrainingError::Checkpoint {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

/// What a checkpoint must have in common with the run that goes on from it.
pub(super) fn fingerprint(
    model: &engine::Model,
    texts: [&[String]; 2],
    settings: &protocol::training::SftSettings,
) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}\n{settings:?}\n", model.spec()));
    for texts in texts {
        hash.update((texts.len() as u64).to_le_bytes());
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    // A few rows of every matrix tell models apart as well as all of them, and cost nothing.
    let weights = model.weights();
    let matrices = weights
        .layers
        .iter()
        .flat_map(|layer| layer.projections().map(|(_, matrix)| matrix));
    for matrix in matrices.chain([&*weights.embedding, &*weights.output]) {
        let mut row = vec![0.0; matrix.cols()];
        for number in [0, matrix.rows() / 2, matrix.rows() - 1] {
            matrix.copy_row(number, &mut row);
            for value in &row {
                hash.update(value.to_le_bytes());
            }
        }
    }
    digest::hexadecimal(hash)
}
