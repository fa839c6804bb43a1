//! The header's JSON, read strictly: no key twice, no key unknown, and no more memory than the
//! file's share.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::budget::Budget;
use super::super::tensor::TensorInfo;
use super::data_type::DataType;
use super::strict_map::StrictMap;

/// The key of the free-form texts.
const METADATA_KEY: &str = "__metadata__";
/// Most dimensions of a tensor.
const MAX_DIMENSIONS: usize = 8;
/// Memory for one tensor: its entry in a vector that grows by doubling, what it becomes, its shape.
const ENTRY_MEMORY: usize =
    3 * size_of::<(String, Entry)>() + 2 * size_of::<TensorInfo>() + 2 * MAX_DIMENSIONS * 8;

/// One tensor of the header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub dtype: DataType,
    #[serde(deserialize_with = "shape")]
    pub shape: Vec<u64>,
    /// First byte and byte after the last, from the start of the data.
    pub data_offsets: [u64; 2],
}

/// The whole header.
pub struct Header {
    pub metadata: BTreeMap<String, String>,
    /// Tensors with their names, every name once, sorted by name.
    pub entries: Vec<(String, Entry)>,
}

impl Header {
    /// Parses the header of `file`.
    ///
    /// # Errors
    /// A sentence saying where the JSON is not as it should be.
    pub fn parse(text: &[u8], budget: &mut Budget, file: &str) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let mut header = HeaderSeed { budget, file }
            .deserialize(&mut json)
            .map_err(|error| error.to_string())?;
        json.end().map_err(|error| error.to_string())?;
        header.entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let twice = header
            .entries
            .windows(2)
            .find(|pair| pair[0].0 == pair[1].0);
        match twice {
            Some(pair) => Err(format!("tensor `{}` appears twice", pair[0].0)),
            None => Ok(header),
        }
    }
}

struct HeaderSeed<'a> {
    budget: &'a mut Budget,
    file: &'a str,
}

impl<'de> DeserializeSeed<'de> for HeaderSeed<'_> {
    type Value = Header;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeaderSeed<'_> {
    type Value = Header;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut metadata = None;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == METADATA_KEY {
                let texts = map.next_value_seed(StrictMap {
                    budget: &mut *self.budget,
                    file: self.file,
                })?;
                if metadata.replace(texts).is_some() {
                    return Err(A::Error::custom("`__metadata__` appears twice"));
                }
                continue;
            }
            let memory = ENTRY_MEMORY + key.len();
            self.budget
                .book(1, memory, self.file, "header")
                .map_err(A::Error::custom)?;
            let entry = map
                .next_value::<Entry>()
                .map_err(|error| A::Error::custom(format!("tensor `{key}`: {error}")))?;
            entries.push((key, entry));
        }
        Ok(Header {
            metadata: metadata.unwrap_or_default(),
            entries,
        })
    }
}

fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    deserializer.deserialize_seq(ShapeVisitor)
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Vec<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {MAX_DIMENSIONS} dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u64>, A::Error> {
        let mut shape = Vec::with_capacity(MAX_DIMENSIONS);
        while let Some(dimension) = items.next_element()? {
            if shape.len() == MAX_DIMENSIONS {
                return Err(A::Error::invalid_length(MAX_DIMENSIONS + 1, &self));
            }
            shape.push(dimension);
        }
        Ok(shape)
    }
}
