//! The user's adapters: `adapters/NAME/` in the data directory, each in PEFT's layout with a record
//! of where it comes from; and, to be used but not changed, those that studies made, which are
//! called `STUDY.ADAPTER`.

mod error;
mod record;
mod shelf;
mod stored;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use engine::adapter::{Adapter, peft};
use engine::decoder::DecoderSpec;
use protocol::adapter::{AdapterList, BaseModel, BrokenAdapter};

pub use error::AdapterError;
pub use record::{AdapterRecord, RECORD};
pub use shelf::AdapterShelf;
pub use stored::{ReadAdapter, StoredAdapter};

use crate::hub::{ModelId, publish_directory, sha256_of_bytes};

/// Where the adapters of a study lie in its directory.
const OF_STUDY: &str = "adapters";

/// An adapter of the store: its name, and the adapter or why it cannot be used.
pub type Listed = (String, Result<StoredAdapter, AdapterError>);

/// The adapters of one data directory.
#[derive(Debug, Clone)]
pub struct AdapterStore {
    directory: PathBuf,
    studies: PathBuf,
}

impl AdapterStore {
    /// The store of `data_dir`, which need not exist yet.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            directory: data_dir.join("adapters"),
            studies: data_dir.join("studies"),
        }
    }

    /// All adapters, by name. One that cannot be used is an error beside its name.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, AdapterError> {
        let mut listed = Vec::new();
        for (name, directory) in directories(&self.directory)? {
            if checked(&name).is_ok() {
                let found = StoredAdapter::open(&name, &directory);
                listed.push((name, found));
            }
        }
        for (study, directory) in directories(&self.studies)? {
            for (adapter, directory) in directories(&directory.join(OF_STUDY))? {
                let name = format!("{study}.{adapter}");
                // One without a record is of an older version, or still being written.
                if checked(&name).is_ok() && directory.join(RECORD).is_file() {
                    let found = StoredAdapter::open(&name, &directory);
                    listed.push((name, found));
                }
            }
        }
        listed.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(listed)
    }

    /// All adapters as the API lists them.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn entries(&self) -> Result<AdapterList, AdapterError> {
        let mut list = AdapterList::default();
        for (name, stored) in self.list()? {
            match stored.and_then(|stored| stored.entry()) {
                Ok(entry) => list.adapters.push(entry),
                Err(error) => list.broken.push(BrokenAdapter {
                    name,
                    error: error.to_string(),
                }),
            }
        }
        Ok(list)
    }

    /// The adapter of that name.
    ///
    /// # Errors
    /// There is none, or it cannot be understood.
    pub fn find(&self, name: &str) -> Result<StoredAdapter, AdapterError> {
        let own = self.directory.join(checked(name)?);
        let places = [Some(own), self.of_study(name)];
        match places.into_iter().flatten().find(|place| place.is_dir()) {
            Some(directory) => StoredAdapter::open(name, &directory),
            None => Err(AdapterError::Unknown {
                name: name.to_owned(),
                known: self.list()?.into_iter().map(|(name, _)| name).collect(),
            }),
        }
    }

    /// The adapter of that name, or in the directory of that path.
    ///
    /// # Errors
    /// As [`AdapterStore::find`].
    pub fn resolve(&self, name_or_path: &str) -> Result<StoredAdapter, AdapterError> {
        let path = Path::new(name_or_path);
        let is_name = checked(name_or_path).is_ok();
        if (!is_name || !self.directory.join(name_or_path).is_dir())
            && path.join(peft::CONFIG_FILE).is_file()
        {
            return StoredAdapter::open(name_or_path, path);
        }
        match (is_name, path.exists()) {
            (false, true) => Err(AdapterError::Broken {
                path: path.to_owned(),
                reason: format!("holds no {}", peft::CONFIG_FILE),
            }),
            _ => self.find(name_or_path),
        }
    }

    /// Where an adapter of that name would lie, for those who are about to make one.
    ///
    /// # Errors
    /// A name that is taken or cannot be one.
    pub fn check_free(&self, name: &str) -> Result<PathBuf, AdapterError> {
        let place = self.directory.join(checked(name)?);
        if place.exists() {
            return Err(AdapterError::AlreadyThere {
                name: name.to_owned(),
            });
        }
        Ok(place)
    }

    /// Keeps an adapter under a name. It is there whole or not at all.
    ///
    /// # Errors
    /// A name that is taken or cannot be one, or a disk that does not take it.
    pub fn save(
        &self,
        name: &str,
        adapter: &Adapter,
        spec: &DecoderSpec,
        made: Made,
    ) -> Result<StoredAdapter, AdapterError> {
        let place = self.check_free(name)?;
        write_directory(&place, adapter, spec, made)?;
        StoredAdapter::open(name, &place)
    }

    /// Takes an adapter away.
    ///
    /// # Errors
    /// There is none of that name, or the disk refuses.
    pub fn remove(&self, name: &str) -> Result<(), AdapterError> {
        let place = self.directory.join(checked(name)?);
        if !place.is_dir() && self.of_study(name).is_some_and(|place| place.is_dir()) {
            return Err(AdapterError::OfStudy {
                name: name.to_owned(),
            });
        }
        if !place.is_dir() {
            return Err(AdapterError::Unknown {
                name: name.to_owned(),
                known: self.list()?.into_iter().map(|(name, _)| name).collect(),
            });
        }
        // Renamed first, so that what is left of a removal that is interrupted is no adapter.
        let leaving = tempfile::Builder::new()
            .prefix(".leaving-")
            .tempdir_in(&self.directory)
            .map_err(AdapterError::io(&self.directory))?;
        fs::rename(&place, leaving.path().join(name)).map_err(AdapterError::io(&place))?;
        leaving.close().map_err(AdapterError::io(&place))
    }

    /// Where the adapter `STUDY.ADAPTER` would lie.
    fn of_study(&self, name: &str) -> Option<PathBuf> {
        let (study, adapter) = name.rsplit_once('.')?;
        Some(self.studies.join(study).join(OF_STUDY).join(adapter))
    }
}

/// The directories in one, by name; none where it is not there. Others, such as those of adapters
/// being written, begin with a dot.
fn directories(parent: &Path) -> Result<Vec<(String, PathBuf)>, AdapterError> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(AdapterError::io(parent)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(AdapterError::io(parent))?;
        if let Some(name) = entry.file_name().to_str()
            && !name.starts_with('.')
            && entry.path().is_dir()
        {
            found.push((name.to_owned(), entry.path()));
        }
    }
    Ok(found)
}

/// What made an adapter, for its record.
#[derive(Debug, Clone)]
pub struct Made {
    /// The model that it is for.
    pub base_model: BaseModel,
    /// In words.
    pub origin: String,
    /// Settings and figures of its training.
    pub training: Option<serde_json::Value>,
}

impl Made {
    /// The bytes of [`RECORD`] beside these tensors.
    ///
    /// # Errors
    /// What JSON cannot write, which there is nothing of.
    pub fn record(self, tensors: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let mut record = serde_json::to_vec_pretty(&AdapterRecord {
            base_model: self.base_model,
            sha256: sha256_of_bytes(tensors),
            origin: self.origin,
            version: env!("CARGO_PKG_VERSION").into(),
            training: self.training,
        })?;
        record.push(b'\n');
        Ok(record)
    }
}

/// Writes an adapter in PEFT's layout, with its record, to the directory `place`, which does not
/// exist: it is there whole or not at all.
///
/// # Errors
/// The disk does not take it.
pub fn write_directory(
    place: &Path,
    adapter: &Adapter,
    spec: &DecoderSpec,
    made: Made,
) -> Result<(), AdapterError> {
    let parent = match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(AdapterError::io(parent))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other directory of the user; the default would keep it from everybody else.
        builder.permissions(fs::Permissions::from_mode(0o755));
    }
    let partial = builder
        .tempdir_in(parent)
        .map_err(AdapterError::io(parent))?;
    let tensors = adapter.peft_tensors(spec);
    let record = made
        .record(&tensors)
        .map_err(|error| AdapterError::Broken {
            path: place.join(RECORD),
            reason: error.to_string(),
        })?;
    for (name, bytes) in [
        (peft::CONFIG_FILE, adapter.peft_config().as_bytes()),
        (peft::TENSORS_FILE, &tensors),
        (RECORD, &record),
    ] {
        let path = partial.path().join(name);
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(AdapterError::io(&path))?;
    }
    publish_directory(partial.path(), place)?;
    // Nothing is left there to take away.
    let _ = partial.keep();
    Ok(())
}

/// Adapters are named by the rules of models: a name is never a path, nor hidden.
fn checked(name: &str) -> Result<&str, AdapterError> {
    match ModelId::new(name) {
        Ok(_) => Ok(name),
        Err(_) => Err(AdapterError::InvalidName {
            name: name.to_owned(),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub(crate) mod tests;
