//! `model.safetensors.index.json`: which shard has which tensor.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::super::budget::Budget;
use super::strict_map::StrictMap;
use crate::error::CheckpointError;

/// The key of the map from tensors to shards.
const MAP_KEY: &str = "weight_map";

/// The index of a sharded checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardIndex {
    file: String,
    shard_of: BTreeMap<String, String>,
}

impl ShardIndex {
    /// Parses the index; `file` is its name in errors.
    ///
    /// # Errors
    /// When it is not such an index, places a tensor twice, or names a shard that is not a plain
    /// file name beside it.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, CheckpointError> {
        let error = |reason: String| CheckpointError::new(file, MAP_KEY, reason);
        let mut budget = Budget::for_file(text.len() as u64);
        let mut json = serde_json::Deserializer::from_slice(text);
        let shard_of = IndexSeed {
            budget: &mut budget,
            file,
        }
        .deserialize(&mut json)
        .map_err(|reason| error(reason.to_string()))?;
        json.end().map_err(|reason| error(reason.to_string()))?;
        if shard_of.is_empty() {
            return Err(error("is empty".to_owned()));
        }
        for (tensor, shard) in &shard_of {
            // Whoever opens the shards joins these names to a directory.
            let plain = !shard.starts_with('.') && !shard.contains(['/', '\\', ':', '\0']);
            if shard.is_empty() || !plain {
                return Err(error(format!(
                    "`{tensor}` is in {shard:?}, which is not a plain file name"
                )));
            }
        }
        Ok(Self {
            file: file.to_owned(),
            shard_of,
        })
    }

    /// Name of the index file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The shard that has the tensor.
    pub fn shard(&self, tensor: &str) -> Option<&str> {
        self.shard_of.get(tensor).map(String::as_str)
    }

    /// All tensors, sorted.
    pub fn tensors(&self) -> impl Iterator<Item = &str> {
        self.shard_of.keys().map(String::as_str)
    }

    /// All shards, sorted, each once.
    pub fn shards(&self) -> BTreeSet<&str> {
        self.shard_of.values().map(String::as_str).collect()
    }
}

struct IndexSeed<'a> {
    budget: &'a mut Budget,
    file: &'a str,
}

impl<'de> DeserializeSeed<'de> for IndexSeed<'_> {
    type Value = BTreeMap<String, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IndexSeed<'_> {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with a `{MAP_KEY}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut shard_of = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != MAP_KEY {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let read = map.next_value_seed(StrictMap {
                budget: &mut *self.budget,
                file: self.file,
            })?;
            if shard_of.replace(read).is_some() {
                return Err(A::Error::duplicate_field(MAP_KEY));
            }
        }
        shard_of.ok_or_else(|| A::Error::missing_field(MAP_KEY))
    }
}
