//! Results on disk, the only truth about a run: pieces that appear whole or not at all, carry
//! their own checksum and the key of what they were made from, and directories that one process
//! at a time works in.

mod error;
mod key;
mod lines;
mod lock;

pub use error::StoreError;
pub use key::{Key, sha256};
pub use lines::{read_as_written, read_lines, write_lines};
pub use lock::DirectoryLock;

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hub::atomic;

/// Writes a record whole or not at all.
///
/// # Errors
/// [`StoreError::Io`]; what was there before is then still there.
pub fn write_record(path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
    Ok(atomic::write_json(path, record)?)
}

/// Writes bytes whole or not at all.
///
/// # Errors
/// [`StoreError::Io`]; what was there before is then still there.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    Ok(atomic::write_bytes(path, bytes)?)
}

/// Makes the directory `from`, whose files are flushed, appear as `to`.
///
/// # Errors
/// [`StoreError::Io`].
pub fn publish_directory(from: &Path, to: &Path) -> Result<(), StoreError> {
    Ok(atomic::publish_directory(from, to)?)
}

/// A record; `None` where there is none.
///
/// # Errors
/// [`StoreError::Damaged`] when it cannot be understood.
pub fn read_record<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StoreError::damaged(path, error))
}
