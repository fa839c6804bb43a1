//! Plain texts out of whatever files hold them: one text per line, or every string of a JSON value.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A corpus that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The file system's reason.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Not text.
    #[error("{}: byte {offset} is not UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the text ends.
        offset: usize,
    },
    /// A `.json` or `.jsonl` file with something else in it.
    #[error("{}: {reason}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What the parser says, with the line.
        reason: String,
    },
}

/// A file of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorpusFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The user named the file itself, not a directory with other things in it.
    pub named: bool,
}

/// The files at `paths`, directories walked, in a fixed order. Hidden files are left out.
///
/// # Errors
/// [`CorpusError::Io`] for a path that does not exist or cannot be looked into.
pub fn corpus_files(paths: &[PathBuf]) -> Result<Vec<CorpusFile>, CorpusError> {
    let mut files = Vec::new();
    for path in paths {
        if fs::metadata(path).map_err(fault(path))?.is_dir() {
            walk(path, &mut files)?;
        } else {
            files.push(CorpusFile {
                path: path.clone(),
                named: true,
            });
        }
    }
    Ok(files)
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> CorpusError + '_ {
    |source| CorpusError::Io {
        path: path.to_owned(),
        source,
    }
}

fn walk(directory: &Path, files: &mut Vec<CorpusFile>) -> Result<(), CorpusError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(fault(directory))? {
        let entry = entry.map_err(fault(directory))?;
        let kind = entry.file_type().map_err(fault(directory))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push((entry.path(), kind));
        }
    }
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    for (path, kind) in entries {
        // Links are not followed: they may lead in a circle.
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file() {
            files.push(CorpusFile { path, named: false });
        }
    }
    Ok(())
}

impl CorpusFile {
    /// The texts, blank ones left out: the strings of all values in `.json` and `.jsonl` files,
    /// the lines of every other.
    ///
    /// # Errors
    /// As [`CorpusError`] says.
    pub fn texts(&self) -> Result<Vec<String>, CorpusError> {
        let bytes = fs::read(&self.path).map_err(fault(&self.path))?;
        let content = String::from_utf8(bytes).map_err(|error| CorpusError::NotText {
            path: self.path.clone(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        let content = content.strip_prefix('\u{feff}').unwrap_or(&content);
        let mut texts = Vec::new();
        let extension = self.path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("json") || extension.eq_ignore_ascii_case("jsonl") {
            // The same parser serves both: values one after the other.
            for value in serde_json::Deserializer::from_str(content).into_iter::<Value>() {
                let value = value.map_err(|error| CorpusError::NotJson {
                    path: self.path.clone(),
                    reason: error.to_string(),
                })?;
                strings_of(value, &mut texts);
            }
        } else {
            texts.extend(content.lines().map(str::to_owned));
        }
        texts.retain(|text| !text.trim().is_empty());
        Ok(texts)
    }
}

/// Recursion ends where serde_json's does, at 128 levels.
fn strings_of(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.into_iter().for_each(|item| strings_of(item, texts)),
        Value::Object(fields) => fields
            .into_iter()
            .for_each(|(_, field)| strings_of(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_in_lines_and_json() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        write("a.csv", "\u{feff}eins\r\n\n zwei,2 \n".as_bytes());
        write(
            "b.JSONL",
            br#"{"Prompt": "\u00fc", "n": 1}
{"Prompt": "x", "more": ["y", {"z": "w"}]}"#,
        );
        write("sub/c.tatoeba.ara", "مرحبا".as_bytes());
        write(".hidden", b"no");
        let files = corpus_files(&[directory.path().to_owned()]).unwrap();
        let texts: Vec<String> = files
            .iter()
            .flat_map(|file| file.texts().unwrap())
            .collect();
        assert_eq!(texts, ["eins", " zwei,2 ", "ü", "x", "y", "w", "مرحبا"]);
        assert!(files.iter().all(|file| !file.named));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let refused = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            let files = corpus_files(&[path]).unwrap();
            assert!(files[0].named);
            files[0].texts().unwrap_err().to_string()
        };
        assert!(refused("a.zip", b"PK\xFF").ends_with("a.zip: byte 2 is not UTF-8"));
        assert!(refused("a.jsonl", b"{\"a\": 1}\n{").contains("line 2"));
        let missing = corpus_files(&[directory.path().join("none")]);
        assert!(matches!(missing, Err(CorpusError::Io { .. })));
    }
}
