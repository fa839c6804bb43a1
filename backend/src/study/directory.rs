//! A study on disk: `study.json` says what it is to do, `state.json` how far it is, and each piece
//! has its own file (`piece.rs`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use protocol::provenance::ModelProvenance;
use protocol::study::{
    LossPoint, PieceCount, PieceKind, StudyPlan, StudySpec, StudyState, StudySummary,
};
use scoring::scorer::Scorer;
use serde::{Deserialize, Serialize};

use super::error::StudyError;
use super::piece::{Piece, pieces};
use super::progress::RunProgress;
use crate::scoring::open_in;
use crate::store::{self, DirectoryLock, StoreError};

/// Layout of the directory.
pub const FORMAT: u64 = 1;
/// Below a study's directory: what it is to do.
pub const RECORD: &str = "study.json";
/// Below a study's directory.
pub const STATE: &str = "state.json";
/// How files begin that are being written (`tempfile`'s default).
const TEMPORARY: &str = ".tmp";

/// What the study is to do, and where its sentences lie on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    format: u64,
    spec: StudySpec,
    /// Directory of the data sets.
    data: Option<PathBuf>,
}

/// Only what is needed to say that the rest cannot be read.
#[derive(Debug, Deserialize)]
struct Layout {
    format: u64,
}

/// What all pieces rest on; a study keeps to what it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The model and its device.
    pub model: ModelProvenance,
    /// The model that measures conditional perplexity.
    pub fixed: ModelProvenance,
    /// SHA-256 of the sentences.
    pub data_sha256: String,
}

/// How far a study is, as the last run left it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// `running` may also mean that its process was killed.
    pub state: Option<StudyState>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Seconds of work over all runs.
    pub elapsed_seconds: f64,
    /// For each kind of piece: units of work done and seconds they took.
    pub rates: BTreeMap<PieceKind, (f64, f64)>,
    /// What was expected before it began.
    pub plan: Option<StudyPlan>,
    /// What it began with.
    pub origin: Option<Origin>,
    /// When it was finished, as `2026-11-21T12:34:56Z`.
    pub finished: Option<String>,
}

/// How an adapter came about, beside its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterRecord {
    /// What it was made from.
    pub key: store::Key,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// SHA-256 of its configuration; earlier versions did not keep it.
    #[serde(default)]
    pub config_sha256: Option<String>,
    /// Optimiser steps.
    pub steps: u64,
    /// Tokens trained on, every epoch counted.
    pub tokens: u64,
    /// Loss of the last step.
    pub final_loss: f64,
    /// Seconds it took.
    pub seconds: f64,
    /// Its steps, thinned.
    pub losses: Vec<LossPoint>,
}

/// A study of the data directory.
#[derive(Debug, Clone)]
pub struct StudyDirectory {
    path: PathBuf,
    spec: StudySpec,
    data: Option<PathBuf>,
}

impl StudyDirectory {
    /// Makes a new study in `path`, or opens the one that is there if it is to do the same.
    ///
    /// # Errors
    /// [`StudyError::AlreadyThere`], a specification that cannot be carried out, a directory that
    /// cannot be written.
    pub fn create(path: &Path, spec: &StudySpec, data: Option<&Path>) -> Result<Self, StudyError> {
        spec.validate()?;
        scorers(path, spec)?;
        let data = match data {
            Some(directory) => Some(fs::canonicalize(directory).map_err(|source| {
                StudyError::Store(StoreError::Io {
                    path: directory.to_owned(),
                    source,
                })
            })?),
            None => None,
        };
        if let Some(mut there) = Self::open(path)? {
            if there.spec != *spec {
                return Err(StudyError::AlreadyThere {
                    name: spec.name.clone(),
                    differing: differing(&there.spec, spec),
                });
            }
            if data.is_some() && there.data != data {
                there.data = data;
                there.write_record()?;
            }
            return Ok(there);
        }
        let study = Self {
            path: path.to_owned(),
            spec: spec.clone(),
            data,
        };
        study.write_record()?;
        Ok(study)
    }

    /// The study in `path`; `None` where there is none.
    ///
    /// # Errors
    /// [`StudyError::Format`] for one of another version, [`StudyError::Store`] for a record that
    /// cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>, StudyError> {
        let file = path.join(RECORD);
        let Some(layout) = store::read_record::<Layout>(&file)? else {
            return Ok(None);
        };
        if layout.format != FORMAT {
            return Err(StudyError::Format {
                path: file,
                found: layout.format,
                known: FORMAT,
            });
        }
        Ok(store::read_record::<Record>(&file)?.map(|record| Self {
            path: path.to_owned(),
            spec: record.spec,
            data: record.data,
        }))
    }

    fn write_record(&self) -> Result<(), StudyError> {
        let record = Record {
            format: FORMAT,
            spec: self.spec.clone(),
            data: self.data.clone(),
        };
        Ok(store::write_record(&self.path.join(RECORD), &record)?)
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is to do.
    pub fn spec(&self) -> &StudySpec {
        &self.spec
    }

    /// Its scorers, in the specification's order.
    ///
    /// # Errors
    /// [`StudyError::Scorer`].
    pub fn scorers(&self) -> Result<Vec<Box<dyn Scorer>>, StudyError> {
        scorers(&self.path, &self.spec)
    }

    /// Where its data sets lie on this machine.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// Where a piece is stored.
    pub fn place(&self, piece: Piece) -> PathBuf {
        self.path.join(piece.place())
    }

    /// Where the unfinished training of a piece keeps its checkpoints.
    pub fn checkpoints(&self, piece: Piece) -> PathBuf {
        let name = piece.place();
        self.path
            .join("checkpoints")
            .join(name.file_name().unwrap_or_default())
    }

    /// Work on it: nobody else can meanwhile.
    ///
    /// # Errors
    /// [`StudyError::Locked`], or a directory that cannot be written.
    pub fn lock(&self) -> Result<DirectoryLock, StudyError> {
        DirectoryLock::acquire(&self.path).map_err(|error| match error {
            StoreError::Locked { .. } => StudyError::Locked {
                name: self.spec.name.clone(),
            },
            other => other.into(),
        })
    }

    /// Takes away what a killed run has left half-written; only for who has the lock.
    ///
    /// # Errors
    /// What the system says.
    pub fn sweep(&self) -> Result<(), StudyError> {
        let mut directories = vec![self.path.clone()];
        while let Some(directory) = directories.pop() {
            let failed = |source| {
                StudyError::Store(StoreError::Io {
                    path: directory.clone(),
                    source,
                })
            };
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name();
                if entry.file_type().map_err(failed)?.is_dir() {
                    directories.push(entry.path());
                } else if name.to_string_lossy().starts_with(TEMPORARY) {
                    fs::remove_file(entry.path()).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// How far it is, as the last run left it.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn progress(&self) -> Result<Progress, StudyError> {
        Ok(store::read_record(&self.path.join(STATE))?.unwrap_or_default())
    }

    /// Stores how far it is.
    ///
    /// # Errors
    /// A directory that cannot be written.
    pub fn write_progress(&self, progress: &Progress) -> Result<(), StudyError> {
        Ok(store::write_record(&self.path.join(STATE), progress)?)
    }

    /// Stores that a run broke off or could not even begin; where it could, it says so itself. A
    /// study that is finished stays so: nothing of it was touched.
    pub fn fail(&self, error: &StudyError) {
        // The state belongs to who works on it, which may be another process.
        let failed = self.lock().and_then(|_lock| {
            let progress = self.progress()?;
            if progress.state == Some(StudyState::Finished) {
                return Ok(());
            }
            self.write_progress(&Progress {
                state: Some(StudyState::Failed),
                failure: Some(error.to_string()),
                ..progress
            })
        });
        if let Err(error) = failed {
            tracing::warn!(%error, "the failure of a study cannot be stored");
        }
    }

    /// The record beside an adapter; `None` where there is none.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn adapter_record(&self, piece: Piece) -> Result<Option<AdapterRecord>, StudyError> {
        Ok(store::read_record(
            &self.place(piece).join(super::adapter::RECORD),
        )?)
    }

    /// Pieces by kind that are there. Whether they are whole and still right is for the run.
    pub fn counts(&self) -> Vec<PieceCount> {
        let mut counts: BTreeMap<PieceKind, PieceCount> = BTreeMap::new();
        for piece in pieces(&self.spec) {
            let kind = piece.kind();
            let count = counts.entry(kind).or_insert(PieceCount {
                kind,
                done: 0,
                total: 0,
            });
            count.total += 1;
            count.done += usize::from(self.place(piece).exists());
        }
        counts.into_values().collect()
    }

    /// What it is doing now.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn state(&self) -> Result<StudyState, StudyError> {
        if DirectoryLock::is_held(&self.path) {
            return Ok(StudyState::Running);
        }
        Ok(match self.progress()?.state {
            // It says so, but nobody does.
            Some(StudyState::Running) => StudyState::Interrupted,
            Some(other) => other,
            None => StudyState::New,
        })
    }

    /// As in a list.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn summary(&self) -> Result<StudySummary, StudyError> {
        let counts = self.counts();
        let changed = fs::metadata(self.path.join(STATE))
            .or_else(|_| fs::metadata(self.path.join(RECORD)))
            .and_then(|metadata| metadata.modified());
        Ok(StudySummary {
            name: self.spec.name.clone(),
            title: self.spec.title.clone(),
            label: super::label(&self.spec),
            model: self.spec.model.clone(),
            state: self.state()?,
            failure: self.progress()?.failure,
            read_only: false,
            done: counts.iter().map(|count| count.done).sum(),
            total: counts.iter().map(|count| count.total).sum(),
            changed: changed.map_or(0, seconds),
        })
    }

    /// What the run under way, of this process or another, reported last.
    pub fn live(&self) -> Option<RunProgress> {
        // Only to show; what cannot be read is not shown.
        store::read_record(&self.path.join(super::progress::LIVE)).unwrap_or_default()
    }
}

/// Names of the top-level fields in which two specifications differ.
/// Of the study in `path`, which is `studies/NAME` of a data directory.
fn scorers(path: &Path, spec: &StudySpec) -> Result<Vec<Box<dyn Scorer>>, StudyError> {
    let data_dir = path.ancestors().nth(2).unwrap_or(Path::new(""));
    spec.scorers
        .iter()
        .map(|name| open_in(data_dir, name, None).map_err(StudyError::Scorer))
        .collect()
}

fn differing(left: &StudySpec, right: &StudySpec) -> String {
    let (left, right) = (serde_json::to_value(left), serde_json::to_value(right));
    let (Ok(serde_json::Value::Object(left)), Ok(serde_json::Value::Object(right))) = (left, right)
    else {
        return String::new();
    };
    let mut names: Vec<&str> = left
        .keys()
        .chain(right.keys())
        .filter(|name| left.get(*name) != right.get(*name))
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
