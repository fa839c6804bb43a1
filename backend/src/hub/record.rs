//! What the data directory knows of a model: `models/ID/model.json`, written when the model is
//! fetched or registered. A model is there exactly when its record is.

use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digest::{is_sha256, of_list};
use super::error::HubError;
use super::manifest::Licence;
use super::model_id::ModelId;

/// Name of the record in a model's directory.
pub const RECORD: &str = "model.json";

/// One file of a model on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFile {
    /// Name of the file, without directories.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Where the file lies when it is not in the model's own directory (a registered path);
    /// absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
}

/// A model on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Name in the hub.
    pub id: ModelId,
    /// Name for people.
    pub title: String,
    /// Architecture family, as the engine names it.
    pub family: String,
    /// BCP-47 codes of the languages that it knows.
    pub languages: Vec<String>,
    /// Terms of use.
    pub licence: Licence,
    /// Where it came from, in words: `hf:owner/name@revision`, `package:NAME==VERSION`, a path, or
    /// what made it.
    pub origin: String,
    /// The files.
    pub files: Vec<RecordedFile>,
}

impl ModelRecord {
    /// The model's hash for provenance: of its only file, or of the list of its files.
    pub fn sha256(&self) -> String {
        match self.files.as_slice() {
            [file] => file.sha256.clone(),
            files => of_list(files.iter().map(|f| (f.name.as_str(), f.sha256.as_str()))),
        }
    }

    /// Size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Reads the record in the model's `directory` and checks that it cannot lead out of it.
    ///
    /// # Errors
    /// [`HubError::Io`] when it cannot be read, [`HubError::Record`] when it is not sound.
    pub fn read(directory: &Path, id: &ModelId) -> Result<Self, HubError> {
        let path = directory.join(RECORD);
        let broken = |reason: String| HubError::Record {
            path: path.clone(),
            reason,
        };
        let bytes = fs::read(&path).map_err(HubError::io(&path))?;
        let record: Self =
            serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        if &record.id != id {
            return Err(broken(format!("it is the record of `{}`", record.id)));
        }
        if record.files.is_empty() {
            return Err(broken("`files` is empty".into()));
        }
        for file in &record.files {
            if !is_plain_file_name(&file.name) {
                return Err(broken(format!("`{}` is no file name", file.name)));
            }
            if !is_sha256(&file.sha256) {
                return Err(broken(format!("`sha256` of `{}` is not one", file.name)));
            }
            if file.path.as_ref().is_some_and(|path| !path.is_absolute()) {
                return Err(broken(format!("`path` of `{}` is not absolute", file.name)));
            }
        }
        Ok(record)
    }

    /// Path of `file`, looked at: there, a file, of the recorded size, and in the model's
    /// `directory` not a link (which could lead anywhere).
    ///
    /// # Errors
    /// [`HubError::Path`] or [`HubError::Mismatch`] naming the file.
    pub fn locate(directory: &Path, file: &RecordedFile) -> Result<PathBuf, HubError> {
        let (path, metadata) = match &file.path {
            Some(path) => (path.clone(), fs::metadata(path)),
            None => {
                let path = directory.join(&file.name);
                let metadata = fs::symlink_metadata(&path);
                (path, metadata)
            }
        };
        let unusable = |reason: String| HubError::Path {
            path: path.clone(),
            reason,
        };
        let metadata = metadata.map_err(|error| unusable(error.to_string()))?;
        if !metadata.is_file() {
            return Err(unusable("is not a regular file".into()));
        }
        if metadata.len() != file.bytes {
            return Err(HubError::Mismatch {
                file: path.display().to_string(),
                what: "size",
                expected: file.bytes.to_string(),
                found: metadata.len().to_string(),
            });
        }
        Ok(path)
    }
}

/// Whether `name` names a file right here: one plain component, not hidden, no separator of any
/// system in it.
pub fn is_plain_file_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let plain = matches!(components.next(), Some(Component::Normal(part)) if part == name);
    plain
        && components.next().is_none()
        && !name.starts_with('.')
        && name != RECORD
        && !name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\' | ':'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn file_names_stay_in_their_directory() {
        for bad in [
            "",
            ".",
            "..",
            "../a",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "c:a",
            "a\n",
            ".hidden",
            RECORD,
        ] {
            assert!(!is_plain_file_name(bad), "{bad:?} was taken");
        }
        assert!(is_plain_file_name("gemma-3-270m-q4_k_m.gguf"));
    }
}
