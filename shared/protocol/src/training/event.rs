//! What a training run tells while it goes on.

use serde::{Deserialize, Serialize};

/// Something happened in a training run. The order is one `started`, any number of the others, one `finished`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainingEvent {
    /// The texts are tokenised, nothing is learned yet.
    Started {
        /// Optimiser updates of the whole run, unless it stops early.
        steps: u64,
        /// Updates already made by an earlier run whose checkpoint was found.
        resumed_at: u64,
        /// Texts trained on in one epoch.
        texts: u64,
        /// Texts that were cut to the longest allowed length.
        truncated: u64,
        /// Texts that hold no token to learn, and are left out.
        skipped: u64,
        /// Tokens of one epoch, without padding.
        tokens_per_epoch: u64,
        /// Numbers that are learned.
        trainable_parameters: u64,
    },
    /// One optimiser update.
    Step {
        /// Number of the update, from 1.
        step: u64,
        /// Updates of the whole run.
        steps: u64,
        /// Epochs that have passed, with fraction.
        epoch: f64,
        /// Mean negative log-likelihood per target token of the update's batch, natural logarithm.
        loss: f64,
        /// Learning rate of the update.
        learning_rate: f64,
        /// Euclidean norm of all gradients before clipping.
        gradient_norm: f64,
        /// Tokens seen so far, without padding.
        tokens: u64,
        /// Tokens a second of this update, without padding.
        tokens_per_second: f64,
        /// Seconds until the end at the mean speed so far.
        remaining_seconds: f64,
    },
    /// The loss on texts that are not learned from.
    Validation {
        /// After this update.
        step: u64,
        /// Mean negative log-likelihood per target token.
        loss: f64,
        /// Whether it is the lowest so far.
        best: bool,
    },
    /// A checkpoint has been written; the run can go on from it.
    Checkpoint {
        /// After this update.
        step: u64,
    },
    /// The run is over.
    Finished {
        /// Updates made, those before a resume included.
        steps: u64,
        /// Tokens learned from, without padding.
        tokens: u64,
        /// Loss of the last update; absent where there was none.
        final_loss: Option<f64>,
        /// Seconds of this run, without those before a resume.
        seconds: f64,
        /// Why it is over.
        end: TrainingEnd,
    },
}

/// Why a training run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrainingEnd {
    /// All updates were made.
    Completed,
    /// The validation loss rose too often in a row.
    StoppedEarly,
    /// Somebody asked for it.
    Cancelled,
}
