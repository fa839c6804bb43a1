//! A file in shards, as the engine reads it: nothing of it is in memory but what the engine asks for.

use engine::CheckpointError;
use engine::checkpoint::ByteSource;
use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use web_sys::{Blob, File, FileReaderSync};

use super::shard::SHARD_BYTES;
use crate::javascript::explain;

/// The shards of one file.
pub struct FileSource {
    name: String,
    bytes: u64,
    /// The engine asks for sources that threads may share; there is one thread here.
    shards: SendWrapper<(FileReaderSync, Vec<File>)>,
}

impl FileSource {
    /// Shards in their order.
    ///
    /// # Errors
    /// Outside a worker, where files cannot be read at once.
    pub fn new(name: String, bytes: u64, shards: Vec<File>) -> Result<Self, CheckpointError> {
        let reader = FileReaderSync::new()
            .map_err(|error| CheckpointError::new(&name, "reader", explain(&error)))?;
        Ok(Self {
            name,
            bytes,
            shards: SendWrapper::new((reader, shards)),
        })
    }

    fn error(&self, offset: u64, reason: String) -> CheckpointError {
        CheckpointError::new(&self.name, format!("bytes {offset}.."), reason)
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
        let (reader, shards) = &*self.shards;
        let mut at = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let start = at % SHARD_BYTES;
            let length = rest.len().min((SHARD_BYTES - start) as usize);
            let (now, later) = rest.split_at_mut(length);
            let shard: &Blob = usize::try_from(at / SHARD_BYTES)
                .ok()
                .and_then(|number| shards.get(number))
                .ok_or_else(|| self.error(at, format!("the file has {} bytes", self.bytes)))?;
            let bytes = shard
                .slice_with_f64_and_f64(start as f64, (start + length as u64) as f64)
                .and_then(|piece| reader.read_as_array_buffer(&piece))
                .map_err(|error| self.error(at, explain(&error)))?;
            let bytes = Uint8Array::new(&bytes);
            if bytes.length() as usize != length {
                return Err(self.error(at, "the browser has lost a part of the file".into()));
            }
            bytes.copy_to(now);
            at += length as u64;
            rest = later;
        }
        Ok(())
    }
}
