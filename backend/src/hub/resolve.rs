//! From what the user wrote (a model's name or a path) to the files of a model. Never touches the
//! network.

use std::fs;
use std::path::{Path, PathBuf};

use super::digest;
use super::error::HubError;
use super::model_id::ModelId;
use super::record::ModelRecord;
use super::{Hub, Licence};

/// The files of a model, by the format they are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFiles {
    /// One GGUF file; it holds configuration and tokenizer too.
    Gguf(PathBuf),
    /// A Hugging Face checkpoint.
    Safetensors {
        /// `config.json`.
        config: PathBuf,
        /// `tokenizer.json`.
        tokenizer: PathBuf,
        /// `model.safetensors`, or the shards that `model.safetensors.index.json` names.
        shards: Vec<PathBuf>,
    },
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedFile {
    /// Its name, without directories.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// A model that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedModel {
    /// Its name in the hub, or the name of its file or directory.
    pub id: String,
    /// Its files, by what they are for.
    pub files: ModelFiles,
    /// Every file, as a list.
    pub list: Vec<ResolvedFile>,
    /// Hash for provenance: SHA-256 of the GGUF file, or of the list of files with their hashes.
    pub sha256: String,
    /// BCP-47 codes of the languages that it knows, where the hub knows them.
    pub languages: Vec<String>,
    /// Terms of use, where the hub knows them.
    pub licence: Option<Licence>,
}

impl ResolvedModel {
    /// Size of all files.
    pub fn bytes(&self) -> u64 {
        self.list.iter().map(|file| file.bytes).sum()
    }
}

impl Hub {
    /// The model that `text` means: the model of that name on disk, otherwise the path.
    ///
    /// # Errors
    /// [`HubError::NotPulled`] when it is a known model that is not on disk,
    /// [`HubError::UnknownModel`] when it is neither a model nor a path, [`HubError::Path`] when
    /// the path holds no model.
    pub fn resolve(&self, text: &str) -> Result<ResolvedModel, HubError> {
        let id = ModelId::new(text);
        if let Ok(id) = &id {
            if let Some(record) = self.record(id)? {
                return self.resolve_record(record);
            }
            if self.manifest().find(id).is_some() {
                return Err(HubError::NotPulled { id: id.clone() });
            }
        }
        let path = Path::new(text);
        if !text.is_empty() && path.exists() {
            return self.resolve_path(path);
        }
        Err(self.unknown(text))
    }

    /// The model of that name on disk; a path is no name. For names that come from elsewhere
    /// than this machine's user.
    ///
    /// # Errors
    /// As [`Hub::resolve`].
    pub fn resolve_id(&self, id: &ModelId) -> Result<ResolvedModel, HubError> {
        match self.record(id)? {
            Some(record) => self.resolve_record(record),
            None if self.manifest().find(id).is_some() => {
                Err(HubError::NotPulled { id: id.clone() })
            }
            None => Err(self.unknown(id.as_str())),
        }
    }

    pub(super) fn unknown(&self, text: &str) -> HubError {
        let mut known: Vec<String> = self
            .manifest()
            .models
            .iter()
            .map(|model| model.id.to_string())
            .collect();
        // Listing is only to help; when it fails the manifest's names have to do.
        for (id, _) in self.installed().unwrap_or_default() {
            if !known.iter().any(|name| name == id.as_str()) {
                known.push(id.into());
            }
        }
        HubError::UnknownModel {
            id: text.to_owned(),
            known: known.join(", "),
        }
    }

    fn resolve_record(&self, record: ModelRecord) -> Result<ResolvedModel, HubError> {
        let directory = self.directory(&record.id);
        let paths = record
            .files
            .iter()
            .map(|file| ModelRecord::locate(&directory, file))
            .collect::<Result<Vec<_>, _>>()?;
        let files = files_of(&paths).ok_or_else(|| HubError::Record {
            path: directory.join(super::record::RECORD),
            reason: "its files are neither one .gguf nor config.json, tokenizer.json and \
                     safetensors"
                .into(),
        })?;
        let list = record.files.iter().zip(paths);
        Ok(ResolvedModel {
            list: list
                .map(|(file, path)| ResolvedFile {
                    name: file.name.clone(),
                    path,
                    bytes: file.bytes,
                    sha256: file.sha256.clone(),
                })
                .collect(),
            sha256: record.sha256(),
            id: record.id.into(),
            files,
            languages: record.languages,
            licence: Some(record.licence),
        })
    }

    fn resolve_path(&self, path: &Path) -> Result<ResolvedModel, HubError> {
        let paths = model_paths(path)?;
        let files = files_of(&paths).ok_or_else(|| HubError::Path {
            path: path.to_owned(),
            reason: "holds neither a .gguf file nor config.json, tokenizer.json and \
                     model.safetensors"
                .into(),
        })?;
        let digests = self.digests();
        let mut list = Vec::with_capacity(paths.len());
        for path in paths {
            list.push(ResolvedFile {
                name: file_name(&path),
                bytes: fs::metadata(&path).map_err(HubError::io(&path))?.len(),
                sha256: digest::remembered(&path, &digests)?,
                path,
            });
        }
        let sha256 = match list.as_slice() {
            [file] => file.sha256.clone(),
            files => digest::of_list(files.iter().map(|f| (f.name.as_str(), f.sha256.as_str()))),
        };
        let canonical = fs::canonicalize(path).map_err(HubError::io(path))?;
        Ok(ResolvedModel {
            id: file_name(&canonical),
            files,
            sha256,
            languages: Vec::new(),
            licence: None,
            list,
        })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The files that make the model at `path`: the file itself, or what a directory holds of a
/// checkpoint, in a fixed order.
pub(super) fn model_paths(path: &Path) -> Result<Vec<PathBuf>, HubError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut paths = vec![path.join("config.json"), path.join("tokenizer.json")];
    let single = path.join("model.safetensors");
    let index = path.join("model.safetensors.index.json");
    if single.is_file() {
        paths.push(single);
    } else if index.is_file() {
        paths.extend(shards_of(&index)?);
    } else {
        let mut ggufs = Vec::new();
        for entry in fs::read_dir(path).map_err(HubError::io(path))? {
            let entry = entry.map_err(HubError::io(path))?.path();
            if is_gguf(&entry) {
                ggufs.push(entry);
            }
        }
        return match ggufs.len() {
            1 => Ok(ggufs),
            0 => Err(HubError::Path {
                path: path.to_owned(),
                reason: "holds neither a .gguf file nor model.safetensors".into(),
            }),
            count => Err(HubError::Path {
                path: path.to_owned(),
                reason: format!("holds {count} .gguf files; name one of them"),
            }),
        };
    }
    for path in &paths {
        if !path.is_file() {
            return Err(HubError::Path {
                path: path.clone(),
                reason: "is missing".into(),
            });
        }
    }
    Ok(paths)
}

/// The shards that an index names, each once, in the order of their names.
fn shards_of(index: &Path) -> Result<Vec<PathBuf>, HubError> {
    let broken = |reason: String| HubError::Path {
        path: index.to_owned(),
        reason,
    };
    let bytes = fs::read(index).map_err(HubError::io(index))?;
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    let map = json
        .get("weight_map")
        .and_then(|map| map.as_object())
        .ok_or_else(|| broken("`weight_map` is missing".into()))?;
    let mut names = std::collections::BTreeSet::new();
    for (tensor, name) in map {
        let name = name
            .as_str()
            .filter(|name| super::record::is_plain_file_name(name))
            .ok_or_else(|| broken(format!("`weight_map`: `{tensor}` names no file")))?;
        names.insert(name);
    }
    let directory = index.parent().unwrap_or(Path::new("."));
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

fn is_gguf(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// The format that these files are.
fn files_of(paths: &[PathBuf]) -> Option<ModelFiles> {
    if let [path] = paths
        && is_gguf(path)
    {
        return Some(ModelFiles::Gguf(path.clone()));
    }
    let named = |name: &str| paths.iter().find(|path| file_name(path) == name).cloned();
    let shards: Vec<_> = paths
        .iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "safetensors")
        })
        .cloned()
        .collect();
    if shards.is_empty() {
        return None;
    }
    Some(ModelFiles::Safetensors {
        config: named("config.json")?,
        tokenizer: named("tokenizer.json")?,
        shards,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_known_model_that_is_not_here_says_how_to_get_it() {
        let home = tempfile::tempdir().unwrap();
        let hub = Hub::new(home.path()).unwrap();
        let error = hub.resolve("gemma-3-270m").unwrap_err();
        assert_eq!(error.help().unwrap(), "backend models pull gemma-3-270m");
        let error = hub.resolve("no-such-model").unwrap_err();
        assert!(error.to_string().contains("gemma-3-270m"), "{error}");
        assert!(hub.resolve("../../etc/passwd-not-there").is_err());
        assert!(hub.resolve("").is_err());
    }

    #[test]
    fn a_path_is_hashed_and_its_format_seen() {
        let home = tempfile::tempdir().unwrap();
        let hub = Hub::new(home.path()).unwrap();
        let gguf = home.path().join("My Model.gguf");
        fs::write(&gguf, "abc").unwrap();
        let model = hub.resolve(gguf.to_str().unwrap()).unwrap();
        assert_eq!(model.id, "My Model.gguf");
        assert_eq!(model.sha256, digest::of_file(&gguf).unwrap());
        assert!(matches!(model.files, ModelFiles::Gguf(_)));

        let directory = home.path().join("checkpoint");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("config.json"), "{}").unwrap();
        let path = directory.to_str().unwrap();
        assert!(hub.resolve(path).is_err());
        fs::write(
            directory.join("model.safetensors.index.json"),
            r#"{"weight_map": {"a": "model-2.safetensors", "b": "model-1.safetensors"}}"#,
        )
        .unwrap();
        fs::write(directory.join("model-1.safetensors"), "1").unwrap();
        fs::write(directory.join("model-2.safetensors"), "2").unwrap();
        let error = hub.resolve(path).unwrap_err().to_string();
        assert!(error.contains("tokenizer.json"), "{error}");
        fs::write(directory.join("tokenizer.json"), "{}").unwrap();
        let model = hub.resolve(path).unwrap();
        let ModelFiles::Safetensors { shards, .. } = model.files else {
            panic!("not seen as safetensors");
        };
        assert_eq!(shards.len(), 2);
        assert!(shards[0].ends_with("model-1.safetensors"));

        fs::write(
            directory.join("model.safetensors.index.json"),
            r#"{"weight_map": {"a": "../../secret.safetensors"}}"#,
        )
        .unwrap();
        assert!(hub.resolve(path).is_err());
    }
}
