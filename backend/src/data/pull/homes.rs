//! Where the known data sets can be had: `homes.json`, embedded. Files of a repository are named
//! with the commit, size and hash that this program was measured with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::error::DataError;

/// A file at a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeFile {
    /// Name on disk.
    pub name: String,
    /// Path under the home's address, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Size.
    pub bytes: u64,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Somewhere a data set can be had from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Home {
    /// The parquet tables of a Hugging Face data set, one per language: `data/{language}-*.parquet`.
    HuggingFace {
        /// `owner/name`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
    },
    /// Files under an address.
    Files {
        /// The address, with a slash at its end.
        base: String,
        /// The files.
        files: Vec<HomeFile>,
        /// Files to unpack from those of them that are zip archives; the archives go.
        #[serde(default)]
        members: Vec<String>,
    },
}

/// Which homes may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HomeChoice {
    /// All, in their order.
    #[default]
    Any,
    /// Only Hugging Face.
    HuggingFace,
    /// Only the files of a repository.
    Files,
    /// A directory that has those files.
    Directory(PathBuf),
}

impl HomeChoice {
    /// Where the files come from, which else come from `home`.
    pub(super) fn instead_of(&self, home: &str) -> String {
        match self {
            Self::Directory(directory) => directory.display().to_string(),
            _ => home.to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    homes: Vec<Home>,
}

impl Home {
    /// The homes of the data set of this name, in the order in which to try.
    ///
    /// # Errors
    /// [`DataError::Source`] when the embedded list is broken (a test keeps it from being).
    pub fn of(name: &str) -> Result<Vec<Self>, DataError> {
        let entries: Vec<Entry> = serde_json::from_str(include_str!("homes.json"))
            .map_err(|error| DataError::Source(format!("homes.json: {error}")))?;
        let found = entries.into_iter().find(|entry| entry.name == name);
        Ok(found.map(|entry| entry.homes).unwrap_or_default())
    }

    /// Where it is, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::HuggingFace { repo, revision } => format!("hf:datasets/{repo}@{revision}"),
            Self::Files { base, .. } => base.clone(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::{DATA_SETS, Kind};
    use crate::hub::digest::is_sha256;
    use crate::hub::record::is_plain_file_name;

    #[test]
    fn every_data_set_has_a_home_with_all_its_files() {
        for set in DATA_SETS {
            let homes = Home::of(set.name).unwrap();
            let Some(Home::Files {
                base,
                files,
                members,
            }) = homes.last()
            else {
                unreachable!("{} has no files", set.name);
            };
            assert!(
                base.starts_with("https://") && base.ends_with('/'),
                "{base}"
            );
            for file in files {
                assert!(is_plain_file_name(&file.name) && is_sha256(&file.sha256));
            }
            let names = files.iter().map(|file| file.name.clone());
            let names: Vec<String> = names.chain(members.clone()).collect();
            for needed in set.labelled_files(Path::new("")) {
                let needed = needed.path.to_string_lossy().into_owned();
                assert!(names.contains(&needed), "{}: {needed}", set.name);
            }
            if set.kind == Kind::Pairs {
                assert_eq!(files.len(), 4 * set.languages.len());
            }
        }
    }
}
