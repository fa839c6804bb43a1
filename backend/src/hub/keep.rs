//! What is done with models that are on disk: check them, register more, take them away.

use std::fs;
use std::path::{Path, PathBuf};

use super::Hub;
use super::atomic;
use super::digest;
use super::error::HubError;
use super::manifest::Licence;
use super::model_id::ModelId;
use super::pull::ModelLock;
use super::record::{ModelRecord, RECORD, RecordedFile};
use super::resolve::model_paths;

/// What is known of a model that lies outside the hub and is to get a name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub id: ModelId,
    /// Name for people.
    pub title: String,
    /// Architecture family, as the engine names it.
    pub family: String,
    /// BCP-47 codes of the languages that it knows.
    pub languages: Vec<String>,
    /// Terms of use.
    pub licence: Licence,
    /// What made it, or where it came from.
    pub origin: String,
    /// The GGUF file, or the directory of the checkpoint. It stays where it is.
    pub path: PathBuf,
    /// Whether a model of this name gives way.
    pub replace: bool,
}

/// What a removal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// A model was on disk.
    pub model: bool,
    /// Something of a fetch that did not end was on disk.
    pub partial: bool,
}

impl Hub {
    /// Computes the hashes of the model's files anew.
    ///
    /// # Errors
    /// [`HubError::Mismatch`] naming the first file that is not what it was,
    /// [`HubError::NotPulled`], [`HubError::UnknownModel`], [`HubError::Path`], [`HubError::Io`].
    pub fn verify(&self, id: &ModelId) -> Result<ModelRecord, HubError> {
        let Some(record) = self.record(id)? else {
            return Err(match self.manifest().find(id) {
                Some(_) => HubError::NotPulled { id: id.clone() },
                None => self.unknown(id.as_str()),
            });
        };
        for file in &record.files {
            let path = ModelRecord::locate(&self.directory(id), file)?;
            let found = digest::of_file(&path)?;
            if found != file.sha256 {
                return Err(HubError::Mismatch {
                    file: path.display().to_string(),
                    what: "SHA-256",
                    expected: file.sha256.clone(),
                    found,
                });
            }
        }
        Ok(record)
    }

    /// Gives a model outside the hub a name in it.
    ///
    /// # Errors
    /// [`HubError::AlreadyThere`] unless it may be replaced, [`HubError::Path`], [`HubError::Io`].
    pub fn register(&self, registration: Registration) -> Result<ModelRecord, HubError> {
        let id = registration.id;
        let _lock = ModelLock::acquire(&self.locks(), &id, true, || ())?;
        let there = self.directory(&id).exists();
        if there && !registration.replace {
            return Err(HubError::AlreadyThere { id });
        }
        let mut files = Vec::new();
        for path in model_paths(&registration.path)? {
            let path = fs::canonicalize(&path).map_err(HubError::io(&path))?;
            files.push(RecordedFile {
                name: path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                bytes: fs::metadata(&path).map_err(HubError::io(&path))?.len(),
                sha256: digest::remembered(&path, &self.digests())?,
                path: Some(path),
            });
        }
        let record = ModelRecord {
            id,
            title: registration.title,
            family: registration.family,
            languages: registration.languages,
            licence: registration.licence,
            origin: registration.origin,
            files,
        };
        let ready = self.partial(&record.id).join("ready");
        if ready.exists() {
            fs::remove_dir_all(&ready).map_err(HubError::io(&ready))?;
        }
        atomic::write_json(&ready.join(RECORD), &record)?;
        // Read back before it counts: what could not be used later is refused now.
        ModelRecord::read(&ready, &record.id)?;
        if there {
            self.take_away(&record.id)?;
        }
        atomic::publish_directory(&ready, &self.directory(&record.id))?;
        remove_if_there(&self.partial(&record.id))?;
        Ok(record)
    }

    /// Takes the model away, with what is left of fetching it. Files that lie outside the hub
    /// stay.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`] or [`HubError::NotPulled`] when nothing is there,
    /// [`HubError::Locked`] when another process works on it, [`HubError::Io`].
    pub fn remove(&self, id: &ModelId) -> Result<Removed, HubError> {
        let _lock = ModelLock::acquire(&self.locks(), id, false, || ())?;
        let model = fs::symlink_metadata(self.directory(id)).is_ok();
        if model {
            self.take_away(id)?;
        }
        let partial = remove_if_there(&self.partial(id))?;
        match (model || partial, self.manifest().find(id)) {
            (true, _) => Ok(Removed { model, partial }),
            (false, Some(_)) => Err(HubError::NotPulled { id: id.clone() }),
            (false, None) => Err(self.unknown(id.as_str())),
        }
    }

    /// The model disappears in one step and is then deleted at leisure.
    fn take_away(&self, id: &ModelId) -> Result<(), HubError> {
        let directory = self.directory(id);
        let metadata = fs::symlink_metadata(&directory).map_err(HubError::io(&directory))?;
        if !metadata.is_dir() {
            // A link: only the link goes, never what it points to.
            return fs::remove_file(&directory).map_err(HubError::io(&directory));
        }
        let leaving = self.partial(id).join("leaving");
        remove_if_there(&leaving)?;
        let parent = self.partial(id);
        fs::create_dir_all(&parent).map_err(HubError::io(&parent))?;
        fs::rename(&directory, &leaving).map_err(HubError::io(&directory))?;
        remove_if_there(&leaving)?;
        Ok(())
    }
}

fn remove_if_there(directory: &Path) -> Result<bool, HubError> {
    match fs::remove_dir_all(directory) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(HubError::io(directory)(error)),
    }
}
