//! An adapter on disk.

use std::fs;
use std::path::{Path, PathBuf};

use engine::adapter::{Adapter, LoraConfig, peft};
use engine::checkpoint::MemorySource;
use engine::decoder::DecoderSpec;
use protocol::adapter::AdapterEntry;
use protocol::api::model_files::ModelFile;
use protocol::provenance::{AdapterProvenance, ModelProvenance};

use super::error::AdapterError;
use super::record::{AdapterRecord, RECORD};
use crate::hub::{sha256_of_bytes, sha256_of_file};

/// Digits of a hash that are enough to tell two models apart.
const SHOWN_DIGITS: usize = 12;

/// An adapter whose directory was found; its tensors have not been read.
#[derive(Debug, Clone)]
pub struct StoredAdapter {
    /// Name in the store, or the path of a directory elsewhere.
    pub name: String,
    /// Where its files lie.
    pub directory: PathBuf,
    /// Rank, scale and target.
    pub config: LoraConfig,
    /// Where it comes from; a directory of PEFT's own has no record.
    pub record: Option<AdapterRecord>,
}

impl StoredAdapter {
    /// Looks at a directory.
    ///
    /// # Errors
    /// A file is missing or cannot be understood.
    pub fn open(name: &str, directory: &Path) -> Result<Self, AdapterError> {
        let path = directory.join(peft::CONFIG_FILE);
        let config = fs::read(&path).map_err(AdapterError::io(&path))?;
        let config = LoraConfig::from_peft(&config).map_err(|source| AdapterError::Engine {
            name: name.to_owned(),
            source,
        })?;
        let path = directory.join(RECORD);
        let record = match fs::read(&path) {
            Ok(bytes) => {
                Some(
                    serde_json::from_slice(&bytes).map_err(|error| AdapterError::Broken {
                        path,
                        reason: error.to_string(),
                    })?,
                )
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(AdapterError::io(&path)(error)),
        };
        Ok(Self {
            name: name.to_owned(),
            directory: directory.to_owned(),
            config,
            record,
        })
    }

    /// The file with the numbers.
    pub fn tensors(&self) -> PathBuf {
        self.directory.join(peft::TENSORS_FILE)
    }

    /// Reads the numbers for a model of the given shape and provenance.
    ///
    /// # Errors
    /// The adapter was made for another model, does not fit this one, or its files are damaged.
    pub fn read(
        &self,
        spec: &DecoderSpec,
        model: &ModelProvenance,
    ) -> Result<ReadAdapter, AdapterError> {
        self.check_model(model)?;
        let path = self.directory.join(peft::CONFIG_FILE);
        let config = fs::read(&path).map_err(AdapterError::io(&path))?;
        let path = self.tensors();
        let bytes = fs::read(&path).map_err(AdapterError::io(&path))?;
        let sha256 = sha256_of_bytes(&bytes);
        if let Some(record) = &self.record
            && record.sha256 != sha256
        {
            return Err(AdapterError::Changed {
                path,
                expected: record.sha256.clone(),
                found: sha256,
            });
        }
        let source = MemorySource::new(peft::TENSORS_FILE, bytes);
        let adapter =
            Adapter::from_peft(&config, &source, spec).map_err(|source| AdapterError::Engine {
                name: self.name.clone(),
                source,
            })?;
        Ok(ReadAdapter {
            name: self.name.clone(),
            sha256,
            adapter,
        })
    }

    /// # Errors
    /// [`AdapterError::OtherModel`] where the record names another model's hash.
    pub fn check_model(&self, model: &ModelProvenance) -> Result<(), AdapterError> {
        let shown = |id: &str, sha256: &str| {
            format!("`{id}` ({}…)", sha256.get(..SHOWN_DIGITS).unwrap_or(sha256))
        };
        match &self.record {
            Some(record) if record.base_model.sha256 != model.sha256 => {
                Err(AdapterError::OtherModel {
                    name: self.name.clone(),
                    made_for: shown(&record.base_model.model, &record.base_model.sha256),
                    model: shown(&model.model, &model.sha256),
                })
            }
            _ => Ok(()),
        }
    }

    /// As the API lists it. Reads the small files to hash them.
    ///
    /// # Errors
    /// There is no record, or a file cannot be read.
    pub fn entry(&self) -> Result<AdapterEntry, AdapterError> {
        let Some(record) = &self.record else {
            return Err(AdapterError::Broken {
                path: self.directory.clone(),
                reason: format!(
                    "has no {RECORD}: `backend adapters import` takes adapters that PEFT made"
                ),
            });
        };
        let file = |name: &str, sha256: Option<&str>| {
            let path = self.directory.join(name);
            let bytes = fs::metadata(&path).map_err(AdapterError::io(&path))?.len();
            let sha256 = match sha256 {
                Some(sha256) => sha256.to_owned(),
                None => sha256_of_file(&path)?,
            };
            Ok::<_, AdapterError>(ModelFile {
                name: name.to_owned(),
                bytes,
                sha256,
            })
        };
        let modules = self.config.target_modules.iter();
        Ok(AdapterEntry {
            name: self.name.clone(),
            base_model: record.base_model.clone(),
            sha256: record.sha256.clone(),
            rank: self.config.rank,
            alpha: self.config.alpha,
            target_modules: modules.map(|module| module.name().to_owned()).collect(),
            origin: record.origin.clone(),
            files: vec![
                file(peft::CONFIG_FILE, None)?,
                file(peft::TENSORS_FILE, Some(&record.sha256))?,
            ],
        })
    }
}

/// An adapter in memory, with what provenance calls it.
#[derive(Debug, Clone)]
pub struct ReadAdapter {
    /// Name in the store, or the path of a directory elsewhere.
    pub name: String,
    /// SHA-256 of its tensors file.
    pub sha256: String,
    /// The adapter.
    pub adapter: Adapter,
}

impl ReadAdapter {
    /// What a text that was made with it says of it.
    pub fn provenance(&self, strength: f32) -> AdapterProvenance {
        AdapterProvenance {
            name: self.name.clone(),
            sha256: self.sha256.clone(),
            strength,
        }
    }
}
