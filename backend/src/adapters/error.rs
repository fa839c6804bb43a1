//! What can go wrong with an adapter on disk, and what to do about it.

use std::path::{Path, PathBuf};

use engine::EngineError;

use crate::hub::HubError;

/// The store's error.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// A name that no adapter can have.
    #[error(
        "`{name}` is no adapter name: 1 to 96 of a-z 0-9 . _ - are allowed, a letter or digit first"
    )]
    InvalidName {
        /// What was given.
        name: String,
    },
    /// Neither an adapter of the store nor a directory.
    #[error("there is no adapter `{name}`; {}", listed(.known))]
    Unknown {
        /// What was given.
        name: String,
        /// Names of those that there are.
        known: Vec<String>,
    },
    /// One that a study made and needs.
    #[error("the adapter `{name}` belongs to a study and goes with it")]
    OfStudy {
        /// The name.
        name: String,
    },
    /// A name that another adapter already has.
    #[error("there already is an adapter `{name}`")]
    AlreadyThere {
        /// The name.
        name: String,
    },
    /// The adapter was made for another model.
    #[error("the adapter `{name}` was made for {made_for}, this is {model}")]
    OtherModel {
        /// The adapter.
        name: String,
        /// The model that it was made for, with the beginning of its hash.
        made_for: String,
        /// The model that it was to be used with.
        model: String,
    },
    /// The tensors are not those that were saved.
    #[error("{}: SHA-256 is {found}, {expected} was saved", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What the record says.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A directory whose content is no adapter.
    #[error("{}: {reason}", path.display())]
    Broken {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The files cannot be used, or do not fit the model.
    #[error("the adapter `{name}`: {source}")]
    Engine {
        /// The adapter.
        name: String,
        /// What is wrong with it.
        source: EngineError,
    },
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "there are none yet".to_owned(),
        names => format!("known are {}", names.join(", ")),
    }
}

impl AdapterError {
    /// What the reader can do about it, where there is something.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } => Some(
                "`backend adapters list` shows the adapters; a path must be a directory with \
                 adapter_config.json and adapter_model.safetensors"
                    .into(),
            ),
            Self::AlreadyThere { name } => Some(format!(
                "choose another name, or take it away with `backend adapters remove {name}`"
            )),
            Self::OtherModel { .. } => Some("name the model that it was made for".into()),
            Self::Changed { .. } => Some("import or train the adapter again".into()),
            Self::Hub(error) => error.help(),
            _ => None,
        }
    }

    /// Reading or writing `path` failed.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Hub(HubError::io(path)(source))
    }
}
