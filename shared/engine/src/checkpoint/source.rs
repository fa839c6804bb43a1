//! Where a checkpoint's bytes come from. The engine opens no file itself: natively the backend
//! reads at offsets, in the browser the worker does.

use crate::error::CheckpointError;

/// Random access to the bytes of one checkpoint file.
pub trait ByteSource: Send + Sync {
    /// Name shown in errors.
    fn name(&self) -> &str;
    /// Total number of bytes.
    fn len(&self) -> u64;
    /// Exactly `buffer.len()` bytes from `offset`.
    ///
    /// # Errors
    /// When the range does not lie in the source, or reading fails.
    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<(), CheckpointError>;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `length` bytes from `offset`, checked against the source's length before anything is allocated.
    ///
    /// # Errors
    /// As [`ByteSource::read_into`].
    fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, CheckpointError> {
        let end = offset.checked_add(length);
        if end.is_none_or(|end| end > self.len()) {
            return Err(CheckpointError::new(
                self.name(),
                format!("bytes {offset}.."),
                format!("{length} bytes wanted, the file has {}", self.len()),
            ));
        }
        let length = usize::try_from(length).map_err(|_| {
            CheckpointError::new(
                self.name(),
                format!("bytes {offset}.."),
                "too large for this machine",
            )
        })?;
        let mut buffer = vec![0; length];
        self.read_into(offset, &mut buffer)?;
        Ok(buffer)
    }
}

/// A checkpoint that lies in memory.
pub struct MemorySource {
    name: String,
    bytes: Vec<u8>,
}

impl MemorySource {
    /// Bytes under a name.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            bytes,
        }
    }
}

impl ByteSource for MemorySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> Result<(), CheckpointError> {
        let range = usize::try_from(offset)
            .ok()
            .and_then(|start| Some(start..start.checked_add(buffer.len())?));
        match range.and_then(|range| self.bytes.get(range)) {
            Some(bytes) => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(CheckpointError::new(
                &self.name,
                format!("bytes {offset}.."),
                format!(
                    "{} bytes wanted, the file has {}",
                    buffer.len(),
                    self.bytes.len()
                ),
            )),
        }
    }
}
