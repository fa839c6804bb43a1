//! GGUF, the format of llama.cpp: versions 2 and 3, little-endian.

mod cursor;
mod header;
mod metadata;
mod rewrite;
mod value;
pub mod writer;

use super::source::ByteSource;
use super::store::{TensorIndex, TensorStore};
use super::tensor::{StoredTensor, TensorInfo};
use crate::error::CheckpointError;

pub use metadata::Metadata;
pub use rewrite::RewriteError;
pub use value::{Array, Value};

/// The first four bytes of a file.
const MAGIC: [u8; 4] = *b"GGUF";
/// Where tensors start unless the file says otherwise: at multiples of this many bytes.
const DEFAULT_ALIGNMENT: u64 = 32;
/// The key under which a file says otherwise.
const ALIGNMENT_KEY: &str = "general.alignment";
/// Most dimensions of a tensor (ggml's limit).
const MAX_DIMENSIONS: usize = 4;

/// An opened file: its metadata is in memory, its tensors are read when asked for.
pub struct Gguf<'s> {
    source: &'s dyn ByteSource,
    metadata: Metadata,
    index: TensorIndex,
}

impl<'s> Gguf<'s> {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// When it is not a whole and consistent GGUF header of a supported version, or a tensor does
    /// not lie inside the file or has a type that this engine does not read.
    pub fn open(source: &'s dyn ByteSource) -> Result<Self, CheckpointError> {
        let (metadata, index) = header::read(source)?;
        Ok(Self {
            source,
            metadata,
            index,
        })
    }

    /// The keys and values of the header.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All tensors, in the order of the header.
    pub fn tensors(&self) -> &[TensorInfo] {
        self.index.tensors()
    }
}

impl TensorStore for Gguf<'_> {
    fn file(&self) -> &str {
        self.source.name()
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.index.get(name)
    }

    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.index.tensors().iter().map(|info| info.name.as_str()))
    }

    fn read(&self, name: &str) -> Result<StoredTensor, CheckpointError> {
        self.index.read(self.source, name)
    }
}

/// The next multiple of `alignment`, a power of two.
fn align(position: u64, alignment: u64) -> Option<u64> {
    Some(position.checked_add(alignment - 1)? & !(alignment - 1))
}
