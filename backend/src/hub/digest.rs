//! SHA-256 of files: what a model is known by in provenance, and how a download is judged.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::atomic;
use super::error::HubError;

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// Whether `text` is written like a SHA-256: 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The digest as lower-case hexadecimal digits.
pub fn hexadecimal(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Feeds everything that `reader` has left into `digest`; `progress` hears of each block's bytes.
///
/// # Errors
/// When reading fails.
pub fn absorb(
    digest: &mut Sha256,
    reader: &mut impl Read,
    mut progress: impl FnMut(u64),
) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let count = match reader.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if let Some(bytes) = block.get(..count) {
            digest.update(bytes);
        }
        progress(count as u64);
    }
}

/// SHA-256 of the file's content, as 64 hexadecimal digits.
///
/// # Errors
/// [`HubError::Io`] when it cannot be read.
pub fn of_file(path: &Path) -> Result<String, HubError> {
    let mut file = File::open(path).map_err(HubError::io(path))?;
    let mut digest = Sha256::new();
    absorb(&mut digest, &mut file, |_| ()).map_err(HubError::io(path))?;
    Ok(hexadecimal(digest))
}

/// SHA-256 of what lies in memory, as 64 hexadecimal digits.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

/// SHA-256 of a list of `(name, SHA-256)`: one hash for a model of several files.
pub fn of_list<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut digest = Sha256::new();
    for (name, sha256) in files {
        digest.update(format!("{sha256}  {name}\n"));
    }
    hexadecimal(digest)
}

/// A file's hash, valid while size and time of change stay the same.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    path: PathBuf,
    bytes: u64,
    /// Nanoseconds since 1970.
    modified: u128,
    sha256: String,
}

/// SHA-256 of a file outside the hub, computed once and remembered in `directory`.
///
/// # Errors
/// [`HubError::Io`] when the file cannot be read. A directory that cannot be written only costs
/// the computation next time.
pub fn remembered(path: &Path, directory: &Path) -> Result<String, HubError> {
    let path = fs::canonicalize(path).map_err(HubError::io(path))?;
    let metadata = fs::metadata(&path).map_err(HubError::io(&path))?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_nanos());

    let mut name = Sha256::new();
    name.update(path.as_os_str().as_encoded_bytes());
    let record = directory.join(format!("{}.json", hexadecimal(name)));
    let known = fs::read(&record)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Remembered>(&bytes).ok());
    if let Some(known) = known
        && known.path == path
        && known.bytes == metadata.len()
        && known.modified == modified
        && modified != 0
        && is_sha256(&known.sha256)
    {
        return Ok(known.sha256);
    }

    let sha256 = of_file(&path)?;
    let remembered = Remembered {
        bytes: metadata.len(),
        modified,
        sha256: sha256.clone(),
        path,
    };
    if let Err(error) = atomic::write_json(&record, &remembered) {
        tracing::debug!(%error, "the hash of {} is not remembered", remembered.path.display());
    }
    Ok(sha256)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_hash_of_abc_is_the_published_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("abc");
        fs::write(&file, "abc").unwrap();
        assert_eq!(of_file(&file).unwrap(), OF_ABC);
        assert!(is_sha256(OF_ABC));
        assert!(!is_sha256(&OF_ABC.to_uppercase()));
    }

    #[test]
    fn a_remembered_hash_is_used_until_the_file_changes() {
        let directory = tempfile::tempdir().unwrap();
        let cache = directory.path().join("digests");
        let file = directory.path().join("abc");
        fs::write(&file, "abc").unwrap();
        assert_eq!(remembered(&file, &cache).unwrap(), OF_ABC);

        // A lie in the record shows that the second call does not read the file again …
        let record = fs::read_dir(&cache).unwrap().next().unwrap().unwrap();
        let lie = "0".repeat(64);
        let text = fs::read_to_string(record.path()).unwrap();
        fs::write(record.path(), text.replace(OF_ABC, &lie)).unwrap();
        assert_eq!(remembered(&file, &cache).unwrap(), lie);

        // … and a changed size that it does.
        fs::write(&file, "abcd").unwrap();
        assert_eq!(remembered(&file, &cache).unwrap(), of_file(&file).unwrap());
    }
}
