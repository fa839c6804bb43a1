//! Pieces of results as JSON lines: a header with key and checksum, then one line for each item.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::key::{Key, sha256};
use crate::hub::atomic;

/// Layout of the files.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    key: Key,
    lines: usize,
    /// Of everything behind the header's line.
    sha256: String,
}

/// Writes a piece, whole or not at all.
///
/// # Errors
/// [`StoreError::Io`].
pub fn write_lines<T: Serialize>(path: &Path, key: &Key, items: &[T]) -> Result<(), StoreError> {
    let mut body = Vec::new();
    for item in items {
        append(&mut body, item).map_err(|error| StoreError::damaged(path, error))?;
    }
    let header = Header {
        format: FORMAT,
        key: key.clone(),
        lines: items.len(),
        sha256: sha256(&body),
    };
    let mut bytes = Vec::new();
    append(&mut bytes, &header).map_err(|error| StoreError::damaged(path, error))?;
    bytes.extend(body);
    Ok(atomic::write_bytes(path, &bytes)?)
}

fn append(bytes: &mut Vec<u8>, item: &impl Serialize) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *bytes, item)?;
    bytes.push(b'\n');
    Ok(())
}

/// The items of a piece; `None` where there is none, or one of another key.
///
/// # Errors
/// [`StoreError::Damaged`] when it is not what was written.
pub fn read_lines<T: DeserializeOwned>(
    path: &Path,
    key: &Key,
) -> Result<Option<Vec<T>>, StoreError> {
    read(path, Some(key))
}

/// The items of a piece, whatever it was made from; `None` where there is none, or one of another
/// layout.
///
/// # Errors
/// As [`read_lines`].
pub fn read_as_written<T: DeserializeOwned>(path: &Path) -> Result<Option<Vec<T>>, StoreError> {
    read(path, None)
}

fn read<T: DeserializeOwned>(path: &Path, key: Option<&Key>) -> Result<Option<Vec<T>>, StoreError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    };
    let damaged = |reason: &str| StoreError::damaged(path, reason);
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(|| damaged("there is no header"))?;
    let (header, body) = bytes.split_at(end + 1);
    let header: Header =
        serde_json::from_slice(header).map_err(|error| StoreError::damaged(path, error))?;
    if header.format != FORMAT || key.is_some_and(|key| header.key != *key) {
        return Ok(None);
    }
    if header.sha256 != sha256(body) {
        return Err(damaged("its checksum does not fit"));
    }
    let items = serde_json::Deserializer::from_slice(body)
        .into_iter()
        .collect::<Result<Vec<T>, _>>()
        .map_err(|error| StoreError::damaged(path, error))?;
    if items.len() != header.lines {
        return Err(damaged("its number of lines does not fit"));
    }
    Ok(Some(items))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_or_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("below/piece.jsonl");
        let key = Key::of(&("model", 42)).unwrap();
        assert_eq!(read_lines::<String>(&path, &key).unwrap(), None);
        let items = vec!["eins".to_owned(), "zwei\n\u{2028}".to_owned()];
        write_lines(&path, &key, &items).unwrap();
        let read = read_lines::<String>(&path, &key).unwrap();
        assert_eq!(read.as_ref(), Some(&items));
        let other = Key::of(&("model", 43)).unwrap();
        assert_eq!(read_lines::<String>(&path, &other).unwrap(), None);
        assert_eq!(read_as_written(&path).unwrap(), Some(items));
        let whole = std::fs::read(&path).unwrap();
        // Wherever it is cut or changed, it is not taken for whole.
        for at in 0..whole.len() {
            std::fs::write(&path, &whole[..at]).unwrap();
            let cut = read_lines::<String>(&path, &key);
            assert!(
                matches!(cut, Err(StoreError::Damaged { .. })),
                "cut at {at}"
            );
            assert!(read_as_written::<String>(&path).is_err(), "cut at {at}");
        }
        let end = whole.iter().position(|byte| *byte == b'\n').unwrap();
        for at in end + 1..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(
                read_lines::<String>(&path, &key).is_err(),
                "changed at {at}"
            );
        }
    }
}
