//! An error of the worker, with what can be done about it.

use serde::{Deserialize, Serialize};

use crate::api::ErrorDetail;

/// What went wrong in the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalFailure {
    /// What, where and what to do, as the server would say it.
    pub error: ErrorDetail,
    /// What the page may offer, the best first.
    pub ways_out: Vec<WayOut>,
}

/// Something that the user can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayOut {
    /// Send the same command again.
    Retry,
    /// Load the model first.
    Load,
    /// Load the model on the processor.
    UseCpu,
    /// Let the server run the model.
    UseServer,
    /// Remove models from this browser.
    RemoveModels,
    /// Change the request's field.
    ChangeRequest,
    /// Start the worker anew; the page's client does so by itself.
    RestartWorker,
}
