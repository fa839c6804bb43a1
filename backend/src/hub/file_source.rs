//! A file as the engine wants it: read at offsets. No memory map, so that a file which shrinks
//! under us is an error and not a fault, and resident memory is what the engine keeps.

use std::fs::File;
use std::io;
use std::path::Path;

use engine::CheckpointError;
use engine::checkpoint::ByteSource;

use super::error::HubError;

/// An open checkpoint file.
#[derive(Debug)]
pub struct FileSource {
    name: String,
    file: File,
    bytes: u64,
}

impl FileSource {
    /// Opens `path`; errors will call it by its file name.
    ///
    /// # Errors
    /// [`HubError::Io`] when it cannot be opened, [`HubError::Path`] when it is not a file.
    pub fn open(path: &Path) -> Result<Self, HubError> {
        let file = File::open(path).map_err(HubError::io(path))?;
        let metadata = file.metadata().map_err(HubError::io(path))?;
        if !metadata.is_file() {
            return Err(HubError::Path {
                path: path.to_owned(),
                reason: "is not a regular file".into(),
            });
        }
        Ok(Self {
            name: path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            bytes: metadata.len(),
            file,
        })
    }
}

impl ByteSource for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<(), CheckpointError> {
        let wanted = buffer.len();
        read_exact_at(&self.file, buffer, offset).map_err(|error| {
            CheckpointError::new(
                &self.name,
                format!("bytes {offset}.."),
                match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        format!("{wanted} bytes wanted, the file has {}", self.bytes)
                    }
                    _ => error.to_string(),
                },
            )
        })
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        let count = file.seek_read(buffer, offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        offset += count as u64;
        buffer = buffer.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reads_at_offsets_and_names_the_file_past_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("weights.gguf");
        std::fs::write(&path, "0123456789").unwrap();
        let source = FileSource::open(&path).unwrap();
        assert_eq!(source.len(), 10);
        assert_eq!(source.read(3, 4).unwrap(), b"3456");
        assert_eq!(source.read(10, 0).unwrap(), b"");
        let error = source.read_into(8, &mut [0; 3]).unwrap_err();
        assert_eq!(error.file, "weights.gguf");
        assert!(source.read(u64::MAX, 2).is_err());
        assert!(FileSource::open(directory.path()).is_err());
    }
}
