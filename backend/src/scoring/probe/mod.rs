//! The `probe` scorer: a linear probe (logistic, L2) on the mean of a model's last hidden states.
//! What it knows is in the model; the probe is one direction in its space, made by
//! `backend scorer train probe` on this machine.

mod file;
mod fit;
mod scorer;
mod states;
mod train;

use std::path::{Path, PathBuf};

pub use file::{FORMAT, ProbeFile};
pub use scorer::ProbeScorer;
pub use train::{ProbeTraining, train};

use crate::data::DataError;
use crate::hub::HubError;

/// Where the probe lies in the data directory unless another place is named.
pub fn default_path(data_dir: &Path) -> PathBuf {
    data_dir.join("scorers").join("probe.json")
}

/// Why there is no probe.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nothing was trained yet.
    #[error(
        "{}: the probe has not been trained; train it with `backend scorer train probe --data DIR`",
        .0.display()
    )]
    NotTrained(PathBuf),
    /// A file that is no probe.
    #[error("{}: {reason}; train it again with `backend scorer train probe --data DIR`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The probe belongs to another model than the one that is here.
    #[error(
        "the probe belongs to `{model}` with SHA-256 {trained}, and here is {found}; train it again \
         with `backend scorer train probe --data DIR --model {model}`"
    )]
    OtherModel {
        /// Name of the model.
        model: String,
        /// Its hash when the probe was trained.
        trained: String,
        /// The hash of what is here.
        found: String,
    },
    /// The model that the probe belongs to cannot be used.
    #[error(
        "the probe reads the hidden states of `{model}`: {error}{}",
        help(error)
    )]
    Model {
        /// Name of the model.
        model: String,
        /// Why not.
        error: HubError,
    },
    /// The model refused a text.
    #[error("the probe's model failed: {0}")]
    Engine(String),
    /// Data for training cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Too little text to train on.
    #[error("{texts} texts to train on; the probe needs at least {needed}")]
    TooFew {
        /// What there is.
        texts: usize,
        /// What it needs.
        needed: usize,
    },
}

fn help(error: &HubError) -> String {
    error
        .help()
        .map_or_else(String::new, |help| format!(": {help}"))
}
