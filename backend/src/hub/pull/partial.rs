//! A file that is being fetched. Its bytes are kept over broken connections and ended processes,
//! whatever source they came from; only the hash of the whole decides whether they were right.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::hub::digest;
use crate::hub::error::HubError;
use crate::hub::manifest::ManifestFile;

/// The bytes so far.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    file: File,
    bytes: u64,
    name: String,
    expected: u64,
    sha256: String,
}

impl Partial {
    /// Opens what there is of `wanted` at `path`, or begins it.
    ///
    /// # Errors
    /// [`HubError::Io`], or [`HubError::Path`] when something else lies at `path`.
    pub fn open(path: &Path, wanted: &ManifestFile) -> Result<Self, HubError> {
        if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(HubError::Path {
                path: path.to_owned(),
                reason: "is not a regular file".into(),
            });
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(HubError::io(path))?;
        let bytes = file.metadata().map_err(HubError::io(path))?.len();
        let mut partial = Self {
            path: path.to_owned(),
            file,
            bytes,
            name: wanted.name.clone(),
            expected: wanted.bytes,
            sha256: wanted.sha256.clone(),
        };
        // More than the whole can only be something else.
        let keep = if bytes > wanted.bytes { 0 } else { bytes };
        partial.truncate(keep)?;
        Ok(partial)
    }

    /// Name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes that are there.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes that there will be.
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// Bytes that are still missing.
    pub fn missing(&self) -> u64 {
        self.expected - self.bytes
    }

    /// Keeps only the first `bytes`.
    ///
    /// # Errors
    /// [`HubError::Io`].
    pub fn truncate(&mut self, bytes: u64) -> Result<(), HubError> {
        let path = &self.path;
        self.file.set_len(bytes).map_err(HubError::io(path))?;
        self.file
            .seek(SeekFrom::Start(bytes))
            .map_err(HubError::io(path))?;
        self.bytes = bytes;
        Ok(())
    }

    /// Adds `block` at the end.
    ///
    /// # Errors
    /// [`HubError::Mismatch`] when that would be more than the whole, [`HubError::DiskFull`],
    /// [`HubError::Io`].
    pub fn append(&mut self, block: &[u8]) -> Result<(), HubError> {
        if block.len() as u64 > self.missing() {
            return Err(HubError::Mismatch {
                file: self.name.clone(),
                what: "size",
                expected: self.expected.to_string(),
                found: "more".into(),
            });
        }
        if let Err(error) = self.file.write_all(block) {
            // Some of the block may have been written; the count must stay true.
            self.truncate(self.bytes).ok();
            return Err(self.failed(error));
        }
        self.bytes += block.len() as u64;
        Ok(())
    }

    /// Adds everything that `reader` has; `progress` hears how many bytes are there after each
    /// block. What arrived before an error stays.
    ///
    /// # Errors
    /// As [`Partial::append`], and [`HubError::Source`] when reading fails.
    pub fn append_from(
        &mut self,
        reader: &mut impl Read,
        mut progress: impl FnMut(u64),
    ) -> Result<(), HubError> {
        let mut block = vec![0; 1 << 18];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    self.append(block.get(..count).unwrap_or_default())?;
                    progress(self.bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(HubError::Source(error.to_string())),
            }
        }
    }

    /// Flushes the file and judges it by size and hash. Bytes that turn out wrong are dropped, so
    /// that the next attempt begins afresh.
    ///
    /// # Errors
    /// [`HubError::Mismatch`], [`HubError::DiskFull`], [`HubError::Io`].
    pub fn check(&mut self) -> Result<(), HubError> {
        if self.missing() > 0 {
            return Err(HubError::Mismatch {
                file: self.name.clone(),
                what: "size",
                expected: self.expected.to_string(),
                found: self.bytes.to_string(),
            });
        }
        if let Err(error) = self.file.sync_all() {
            return Err(self.failed(error));
        }
        let found = digest::of_file(&self.path)?;
        if found != self.sha256 {
            self.truncate(0)?;
            return Err(HubError::Mismatch {
                file: self.name.clone(),
                what: "SHA-256",
                expected: self.sha256.clone(),
                found,
            });
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> HubError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => HubError::DiskFull {
                path: self.path.clone(),
                needed: self.missing(),
                available: fs4::available_space(&self.path).unwrap_or(0),
            },
            _ => HubError::io(&self.path)(error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn wanted(bytes: u64) -> ManifestFile {
        ManifestFile {
            name: "a.gguf".into(),
            bytes,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
            sources: Vec::new(),
        }
    }

    #[test]
    fn bytes_stay_until_the_hash_says_they_are_wrong() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.gguf");
        Partial::open(&path, &wanted(3))
            .unwrap()
            .append(b"ab")
            .unwrap();

        let mut partial = Partial::open(&path, &wanted(3)).unwrap();
        assert_eq!((partial.bytes(), partial.missing()), (2, 1));
        assert!(matches!(
            partial.check(),
            Err(HubError::Mismatch { what: "size", .. })
        ));
        assert!(partial.append(b"cd").is_err(), "one byte too many");
        partial.append(b"x").unwrap();
        assert!(matches!(
            partial.check(),
            Err(HubError::Mismatch {
                what: "SHA-256",
                ..
            })
        ));
        assert_eq!(partial.bytes(), 0);
        partial.append(b"abc").unwrap();
        partial.check().unwrap();
    }

    #[test]
    fn a_file_longer_than_the_whole_is_begun_afresh() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.gguf");
        fs::write(&path, "something else").unwrap();
        assert_eq!(Partial::open(&path, &wanted(3)).unwrap().bytes(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_fills_up_says_so_and_the_count_stays_true() {
        let mut partial = Partial {
            path: "/dev/full".into(),
            file: File::options().write(true).open("/dev/full").unwrap(),
            bytes: 0,
            name: "a.gguf".into(),
            expected: 3,
            sha256: String::new(),
        };
        let error = partial.append(b"ab").unwrap_err();
        assert!(
            matches!(error, HubError::DiskFull { needed: 3, .. }),
            "{error}"
        );
        assert_eq!(partial.bytes(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "keep").unwrap();
        let path = directory.path().join("a.gguf");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        assert!(Partial::open(&path, &wanted(3)).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"keep");
    }
}
