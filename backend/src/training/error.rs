//! Why a training run ended without an adapter.

use std::path::PathBuf;

use engine::EngineError;
use protocol::FieldError;

use crate::hub::HubError;

/// A training run that gives no adapter.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A setting is out of range.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The model refused.
    #[error(transparent)]
    Engine(EngineError),
    /// No text has two tokens.
    #[error("none of the {texts} texts has two tokens or more: there is nothing to learn")]
    NoText {
        /// Texts that were given.
        texts: usize,
    },
    /// Early stopping without texts to measure by.
    #[error("`patience` needs validation texts, and there are none")]
    NoValidation,
    /// Loss or gradients are no longer numbers.
    #[error(
        "update {step}: the loss is {loss} and the gradient's norm {norm}; try a lower learning_rate"
    )]
    Diverged {
        /// The update.
        step: u64,
        /// Its loss.
        loss: f64,
        /// Its norm.
        norm: f64,
    },
    /// A checkpoint that cannot be read back.
    #[error("{}: {reason}; remove it to start anew", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint of a run with another model, other texts or other settings.
    #[error("{}: the checkpoint belongs to a run with another model, other texts or other settings; \
             remove it or name another place", .0.display())]
    OtherRun(PathBuf),
    /// The file system's reason.
    #[error(transparent)]
    File(#[from] HubError),
    /// Somebody asked for it. Where checkpoints are kept, the run can go on from there.
    #[error("cancelled after update {step}")]
    Cancelled {
        /// The last update made.
        step: u64,
    },
}

impl From<EngineError> for TrainingError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Field(field) => Self::Field(field),
            other => Self::Engine(other),
        }
    }
}
