//! What can go wrong with results on disk.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::hub::HubError;

/// The store's error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed: a full disk, missing rights.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process works in this directory.
    #[error("{}: another process is working here", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// What the hub's writing said.
    #[error(transparent)]
    Write(#[from] HubError),
}

impl StoreError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn damaged(path: &Path, reason: impl Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
