//! Where models come from and where they lie: a manifest of models that can be fetched, records of
//! those on disk, and the way from a name to a model in memory. Nothing here touches the network
//! except [`Hub::pull`].

pub(crate) mod atomic;
pub(crate) mod digest;
mod error;
mod file_source;
mod inspect;
mod keep;
mod kept_tokens;
mod manifest;
mod model_id;
pub(crate) mod pull;
pub(crate) mod record;
mod resolve;

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) use atomic::publish_directory;
pub(crate) use digest::{of_bytes as sha256_of_bytes, of_file as sha256_of_file};
pub use error::HubError;
pub use file_source::FileSource;
pub use inspect::{Inspection, KindSummary, TensorLine, TokenizerFacts, inspect};
pub use keep::{Registration, Removed};
pub use kept_tokens::KeptTokens;
pub use manifest::{Licence, Manifest, ManifestFile, ManifestModel, PackagePart, SourceEntry};
pub use model_id::ModelId;
pub use pull::{HuggingFace, PackageIndex, PullEvent, PullObserver, PullOptions, SourceChoice};
pub use record::{ModelRecord, RecordedFile};
pub use resolve::{ModelFiles, ResolvedFile, ResolvedModel};

/// A model on disk: its name, and its record or why that cannot be used.
pub type Installed = (ModelId, Result<ModelRecord, HubError>);

/// The models of one data directory.
///
/// On disk: `models/ID/` is a model (its record and its files), `models/.partial/ID/` one that is
/// being fetched, `models/.locks/` says who works on which, `models/.digests/` remembers hashes
/// of files elsewhere.
#[derive(Debug, Clone)]
pub struct Hub {
    models: PathBuf,
    manifest: Manifest,
}

impl Hub {
    /// The hub of `data_dir`, which need not exist yet.
    ///
    /// # Errors
    /// [`HubError::Record`] when the embedded manifest is broken.
    pub fn new(data_dir: &Path) -> Result<Self, HubError> {
        Ok(Self::with_manifest(data_dir, Manifest::embedded()?))
    }

    /// The hub of `data_dir` with another manifest.
    pub fn with_manifest(data_dir: &Path, manifest: Manifest) -> Self {
        Self {
            models: data_dir.join("models"),
            manifest,
        }
    }

    /// The models that can be fetched.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Directory of the model `id`; exists when the model is on disk.
    pub fn directory(&self, id: &ModelId) -> PathBuf {
        self.models.join(id.as_str())
    }

    fn partial(&self, id: &ModelId) -> PathBuf {
        self.models.join(".partial").join(id.as_str())
    }

    fn locks(&self) -> PathBuf {
        self.models.join(".locks")
    }

    fn digests(&self) -> PathBuf {
        self.models.join(".digests")
    }

    /// The record of `id`, or nothing when the model is not on disk.
    ///
    /// # Errors
    /// [`HubError::Record`] or [`HubError::Io`] when there is one that cannot be used.
    pub fn record(&self, id: &ModelId) -> Result<Option<ModelRecord>, HubError> {
        let directory = self.directory(id);
        match fs::symlink_metadata(&directory) {
            Ok(metadata) if metadata.is_dir() => ModelRecord::read(&directory, id).map(Some),
            Ok(_) => Err(HubError::Path {
                path: directory,
                reason: "is not a directory".into(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HubError::io(&directory)(error)),
        }
    }

    /// The models on disk, by name. A record that cannot be used is an error beside its name, so
    /// that one broken model does not hide the others.
    ///
    /// # Errors
    /// [`HubError::Io`] when the models' directory cannot be read.
    pub fn installed(&self) -> Result<Vec<Installed>, HubError> {
        let entries = match fs::read_dir(&self.models) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(HubError::io(&self.models)(error)),
        };
        let mut models = Vec::new();
        for entry in entries {
            let entry = entry.map_err(HubError::io(&self.models))?;
            // Names that are no model's (our own dot directories among them) are not ours to list.
            let Some(id) = entry
                .file_name()
                .to_str()
                .and_then(|name| ModelId::new(name).ok())
            else {
                continue;
            };
            match self.record(&id) {
                Ok(Some(record)) => models.push((id, Ok(record))),
                Ok(None) => {}
                Err(error) => models.push((id, Err(error))),
            }
        }
        models.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(models)
    }
}
