//! What can go wrong with a changed copy of a model's file.

use super::writer::WriteError;
use crate::error::{CheckpointError, EngineError};

/// Why there is no changed copy.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The model cannot be read, or the change does not fit it.
    #[error(transparent)]
    Model(#[from] EngineError),
    /// The copy could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<CheckpointError> for RewriteError {
    fn from(error: CheckpointError) -> Self {
        Self::Model(error.into())
    }
}
