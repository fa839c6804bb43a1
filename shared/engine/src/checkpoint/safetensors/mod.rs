//! safetensors, the format of Hugging Face: a length, a JSON header, then the tensors' bytes
//! without gaps. A checkpoint is one file or several shards.

mod data_type;
mod entry;
mod header;
mod shard_index;
mod strict_map;
pub mod writer;

use std::collections::BTreeMap;

use super::source::ByteSource;
use super::store::TensorStore;
use super::tensor::{StoredTensor, TensorInfo, tensor_place};
use crate::error::CheckpointError;
use header::Shard;

pub use shard_index::ShardIndex;

/// An opened checkpoint: headers are in memory, tensors are read when asked for.
pub struct Safetensors<'s> {
    /// Name for errors that concern no shard in particular.
    file: String,
    shards: Vec<(&'s dyn ByteSource, Shard)>,
    /// Which shard has a tensor, where there is more than one.
    shard_of: BTreeMap<String, usize>,
}

impl<'s> Safetensors<'s> {
    /// Reads and checks the header of a single file.
    ///
    /// # Errors
    /// When it is not a whole and consistent safetensors header.
    pub fn open(source: &'s dyn ByteSource) -> Result<Self, CheckpointError> {
        Self::open_sharded(vec![source])
    }

    /// Reads and checks the headers of all shards of a checkpoint.
    ///
    /// # Errors
    /// As [`Safetensors::open`], and when there are no shards or two have a tensor of one name.
    pub fn open_sharded(sources: Vec<&'s dyn ByteSource>) -> Result<Self, CheckpointError> {
        let file = match sources.as_slice() {
            [] => {
                return Err(CheckpointError::new(
                    "safetensors",
                    "shards",
                    "there are none",
                ));
            }
            [single] => single.name().to_owned(),
            [first, rest @ ..] => format!("{} (and {} more)", first.name(), rest.len()),
        };
        let mut shards = Vec::with_capacity(sources.len());
        for source in sources {
            shards.push((source, header::read(source)?));
        }
        let mut shard_of = BTreeMap::new();
        if shards.len() > 1 {
            for (number, (source, shard)) in shards.iter().enumerate() {
                for name in shard.names() {
                    if let Some(other) = shard_of.insert(name.to_owned(), number) {
                        let (other, _) = &shards[other];
                        return Err(CheckpointError::new(
                            source.name(),
                            tensor_place(name),
                            format!("is in {} too", other.name()),
                        ));
                    }
                }
            }
        }
        Ok(Self {
            file,
            shards,
            shard_of,
        })
    }

    /// As [`Safetensors::open_sharded`], and checks the shards against their index.
    ///
    /// # Errors
    /// As there, and when a tensor is not in the shard that the index says, or not in the index.
    pub fn open_indexed(
        index: &ShardIndex,
        sources: Vec<&'s dyn ByteSource>,
    ) -> Result<Self, CheckpointError> {
        let store = Self::open_sharded(sources)?;
        for (source, shard) in &store.shards {
            for name in shard.names() {
                if index.shard(name) != Some(source.name()) {
                    return Err(CheckpointError::new(
                        source.name(),
                        tensor_place(name),
                        format!("{} does not place it here", index.file()),
                    ));
                }
            }
        }
        for name in index.tensors() {
            if !store.shards.iter().any(|(_, shard)| shard.contains(name)) {
                return Err(CheckpointError::new(
                    index.file(),
                    tensor_place(name),
                    "is in none of the shards",
                ));
            }
        }
        Ok(store)
    }

    /// A value of the `__metadata__` of any shard.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.shards
            .iter()
            .find_map(|(_, shard)| shard.metadata.get(key))
            .map(String::as_str)
    }

    fn shard(&self, name: &str) -> Option<&(&'s dyn ByteSource, Shard)> {
        match self.shards.as_slice() {
            [single] => Some(single),
            shards => shards.get(*self.shard_of.get(name)?),
        }
    }
}

impl TensorStore for Safetensors<'_> {
    fn file(&self) -> &str {
        &self.file
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.shard(name)?.1.index.get(name)
    }

    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let tensors = self
            .shards
            .iter()
            .flat_map(|(_, shard)| shard.index.tensors());
        Box::new(tensors.map(|info| info.name.as_str()))
    }

    fn read(&self, name: &str) -> Result<StoredTensor, CheckpointError> {
        let Some((source, shard)) = self.shard(name) else {
            return Err(CheckpointError::new(
                &self.file,
                tensor_place(name),
                "is missing",
            ));
        };
        if let Some(data_type) = shard.unsupported.get(name) {
            return Err(CheckpointError::new(
                source.name(),
                tensor_place(name),
                format!(
                    "type {} is not supported; supported are F32 F16 BF16",
                    data_type.name()
                ),
            ));
        }
        shard.index.read(*source, name)
    }
}
