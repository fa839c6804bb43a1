//! What can go wrong with a study, and what to do about it.

use std::path::PathBuf;

use engine::EngineError;
use protocol::FieldError;

use super::directory::RECORD;
use crate::data::DataError;
use crate::hub::HubError;
use crate::store::StoreError;
use crate::training::TrainingError;

/// A study's error.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    // === Which study ===
    /// Nothing of that name.
    #[error("there is no study `{name}`; {}", listed(known))]
    Unknown {
        /// What was given.
        name: String,
        /// Names of studies and, where one would do, of presets.
        known: Vec<String>,
    },
    /// A name that another study already has.
    #[error("there already is a study `{name}` with other settings: {differing}")]
    AlreadyThere {
        /// The name.
        name: String,
        /// Fields that differ.
        differing: String,
    },
    /// It came with the program.
    #[error("the study `{name}` came with the program and cannot be {action}")]
    ReadOnly {
        /// The study.
        name: String,
        /// What was to be done.
        action: &'static str,
    },
    /// Its record is of another version.
    #[error(
        "{}: the study was made by a version of this program with layout {found}; this one has layout {known}",
        path.display()
    )]
    Format {
        /// Its record.
        path: PathBuf,
        /// Layout of the record.
        found: u64,
        /// Layout of this version.
        known: u64,
    },

    // === What it is to do ===
    /// A setting that cannot be carried out.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A specification that cannot be read.
    #[error("{}: {reason}", path.display())]
    Specification {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The sentences lie in a directory of the user's, which was not named.
    #[error(
        "the study `{name}` needs the data set `multiparadetox`, which does not come with the program"
    )]
    NoData {
        /// The study.
        name: String,
    },
    /// The sentences cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A scorer that cannot be had.
    #[error("scorer: {0}")]
    Scorer(String),
    /// What the study rests on has changed since it began.
    #[error("the study `{name}` began with {what} {then}; now it is {now}")]
    Changed {
        /// The study.
        name: String,
        /// Which part.
        what: &'static str,
        /// What it was.
        then: String,
        /// What it is.
        now: String,
    },

    // === Doing it ===
    /// The model cannot be had.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The model cannot be run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An adapter cannot be trained.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A fault of the program ended a run.
    #[error("the run broke off, which is a fault of this program: {0}")]
    Panicked(String),
    /// The threads that put the matrices together cannot be had.
    #[error("the matrices cannot be computed: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// Another process works on it.
    #[error("another process is working on the study `{name}`")]
    Locked {
        /// The study.
        name: String,
    },
    /// This server runs one study at a time.
    #[error("the study `{running}` is running; one runs at a time")]
    Busy {
        /// Which.
        running: String,
    },
    /// Results cannot be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// There are no results yet.
    #[error("the study `{name}` has no results yet: {done} of {total} pieces are done")]
    NoResults {
        /// The study.
        name: String,
        /// Pieces that are stored.
        done: usize,
        /// All pieces.
        total: usize,
    },
    /// A matrix that the study does not have.
    #[error("the study `{name}` has no such matrix: {reason}")]
    NoMatrix {
        /// The study.
        name: String,
        /// Which it has.
        reason: String,
    },
    /// Something that has no place in the format.
    #[error("export: {0}")]
    Export(String),
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "there is none yet".to_owned(),
        known => format!("known are {}", known.join(", ")),
    }
}

impl From<StoreError> for StudyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StudyError {
    /// What the reader can do about it, where there is something.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { .. } => {
                Some("`backend study list` shows the studies and presets; a path must be a .toml or .json file".into())
            }
            Self::AlreadyThere { .. } => Some("choose another name with --name NAME".into()),
            Self::Format { .. } => Some(
                "its exports are still readable; run it again under another name with --name NAME"
                    .into(),
            ),
            Self::NoData { .. } => Some(
                "`backend data pull multiparadetox` fetches it, or --data DIR names the directory that holds it; the preset `sample` needs none".into(),
            ),
            Self::Changed { .. } => {
                Some("go back to what it was, or run it anew under another name with --name NAME".into())
            }
            Self::Hub(error) => error.help(),
            Self::Locked { name } => Some(format!("`backend study status {name}` shows how far it is")),
            Self::Busy { .. } => Some("pause it first, or wait until it has ended".into()),
            Self::Store(StoreError::Damaged { path, .. }) if path.ends_with(RECORD) => Some(
                "put the file back from a copy, or take its directory away and make the study anew"
                    .into(),
            ),
            Self::Store(StoreError::Damaged { .. }) => Some(
                "`backend study run NAME` makes anew what is damaged; what is whole stays".into(),
            ),
            Self::Store(_) | Self::Panicked(_) => Some(
                "nothing that was stored is lost: run the command again when the cause is gone, and it goes on"
                    .into(),
            ),
            Self::NoResults { name, .. } => Some(format!("backend study run {name}")),
            _ => None,
        }
    }
}
