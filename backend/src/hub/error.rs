//! What can go wrong in the hub, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use engine::{CheckpointError, EngineError};

use super::model_id::ModelId;

/// The hub's error.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    // === Names ===
    /// A name that no model can have.
    #[error(
        "`{id}` is no model name: 1 to 96 of a-z 0-9 . _ - are allowed, a letter or digit first"
    )]
    InvalidId {
        /// What was given.
        id: String,
    },
    /// Neither a model of the manifest, nor one on disk, nor a path.
    #[error("there is no model `{id}`; known are {known}")]
    UnknownModel {
        /// What was given.
        id: String,
        /// Names of the known models.
        known: String,
    },
    /// A model of the manifest that is not on disk.
    #[error("the model `{id}` has not been fetched yet")]
    NotPulled {
        /// The model.
        id: ModelId,
    },
    /// A name that another model already has.
    #[error("there already is a model `{id}`")]
    AlreadyThere {
        /// The model.
        id: ModelId,
    },

    // === Files ===
    /// A path that holds no model we can use.
    #[error("{}: {reason}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A record of the data directory, or the manifest, that cannot be read.
    #[error("{}: not a valid record: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk is full, or would be.
    #[error("{}: no space: {needed} bytes are needed, {available} are free", path.display())]
    DiskFull {
        /// Where the bytes were to go.
        path: PathBuf,
        /// Bytes still to be written.
        needed: u64,
        /// Bytes free for this user.
        available: u64,
    },
    /// The content is not what was expected.
    #[error("{file}: {what} is {found}, expected {expected}")]
    Mismatch {
        /// The file.
        file: String,
        /// `size` or `SHA-256`.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Another process works on the same model.
    #[error("another process is working on `{id}`")]
    Locked {
        /// The model.
        id: ModelId,
    },

    // === Sources ===
    /// A source did not deliver; the next one is tried.
    #[error("{0}")]
    Source(String),
    /// No source delivered.
    #[error("`{id}` could not be fetched:{}", attempts.iter().map(|attempt| format!("\n  {attempt}")).collect::<String>())]
    AllSourcesFailed {
        /// The model.
        id: ModelId,
        /// One line for each source: what it is and what it said.
        attempts: Vec<String>,
    },
    /// The reader did not accept the terms.
    #[error("the terms of `{id}` were not accepted; nothing was fetched")]
    LicenceDeclined {
        /// The model.
        id: ModelId,
    },

    // === Content ===
    /// The file is no usable checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The engine refused the model.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl HubError {
    /// What the reader can do about it, where there is something.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownModel { .. } => Some(
                "`backend models list` shows the models; a path must exist and hold a .gguf file, \
                 or config.json, tokenizer.json and model.safetensors"
                    .into(),
            ),
            Self::NotPulled { id } => Some(format!("backend models pull {id}")),
            Self::AlreadyThere { id } => Some(format!(
                "choose another name, or take it away with `backend models remove {id}`"
            )),
            Self::DiskFull { .. } => Some(
                "free some space, or choose another disk with --data-dir, and run the command \
                 again; it goes on where it stopped"
                    .into(),
            ),
            Self::Locked { .. } => Some("run the command again when it has ended".into()),
            Self::AllSourcesFailed { id, .. } => Some(format!(
                "once the network is back, run the command again: it goes on where it stopped. A \
                 copy you already have can be taken with `backend models pull {id} --source PATH`"
            )),
            Self::LicenceDeclined { .. } => Some("--accept-license accepts them".into()),
            Self::Record { path, .. } if path.is_absolute() => Some(format!(
                "delete {} and fetch the model again",
                path.parent().unwrap_or(path).display()
            )),
            _ => None,
        }
    }

    /// Reading or writing `path` failed.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
