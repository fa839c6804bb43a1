//! Vocabulary trimming: a model that keeps only the tokens some languages need.
//!
//! Most of a small multilingual model is its embedding. [`select`] finds the tokens to keep,
//! [`plan`] renumbers the vocabulary, [`write()`] copies the file with the other rows left out. Kept
//! rows are copied as they are, so the trimmed model's logits are the full model's at the kept
//! tokens; its probabilities are the full ones, renormalised.

mod coverage;
mod merge_paths;
mod plan;
mod script;
mod select;
mod write;

pub use coverage::Coverage;
pub use plan::{Provenance, plan};
pub use select::{Selection, Selector};
pub use write::write;

use crate::checkpoint::gguf::writer::WriteError;
use crate::error::{CheckpointError, EngineError};

/// Why a vocabulary could not be trimmed.
#[derive(Debug, thiserror::Error)]
pub enum TrimError {
    /// The model cannot be read or has nothing to trim.
    #[error(transparent)]
    Model(#[from] EngineError),
    /// The trimmed file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<CheckpointError> for TrimError {
    fn from(error: CheckpointError) -> Self {
        Self::Model(error.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
