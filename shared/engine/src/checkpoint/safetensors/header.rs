//! Reads and checks the header of one file.

use std::collections::BTreeMap;

use super::super::budget::Budget;
use super::super::source::ByteSource;
use super::super::store::TensorIndex;
use super::super::tensor::{TensorInfo, tensor_place};
use super::data_type::DataType;
use super::entry::{Entry, Header};
use crate::error::CheckpointError;

/// Bytes of the header's length.
const PREFIX: u64 = 8;
/// Longest header (the reference implementation's limit).
const MAX_HEADER: u64 = 100_000_000;

/// What the header of one file says.
pub struct Shard {
    /// Tensors that can be read.
    pub index: TensorIndex,
    /// Tensors of types that the engine does not read.
    pub unsupported: BTreeMap<String, DataType>,
    /// The free-form texts under `__metadata__`.
    pub metadata: BTreeMap<String, String>,
}

impl Shard {
    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let supported = self.index.tensors().iter().map(|info| info.name.as_str());
        supported.chain(self.unsupported.keys().map(String::as_str))
    }

    /// Whether it has a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.index.get(name).is_some() || self.unsupported.contains_key(name)
    }
}

/// Reads the header and checks that its tensors fill the file exactly.
///
/// # Errors
/// When it is not whole and consistent.
pub fn read(source: &dyn ByteSource) -> Result<Shard, CheckpointError> {
    let error = |reason: String| CheckpointError::new(source.name(), "header", reason);
    let prefix = source.read(0, PREFIX)?;
    let length = prefix
        .iter()
        .rev()
        .fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length > MAX_HEADER {
        return Err(error(format!(
            "{length} bytes, at most {MAX_HEADER} are allowed"
        )));
    }
    let mut budget = Budget::for_file(source.len());
    budget.book(length, 1, source.name(), "header")?;
    let text = source.read(PREFIX, length)?;
    if text.first() != Some(&b'{') {
        return Err(error("this is not a safetensors file".to_owned()));
    }
    let Header { metadata, entries } =
        Header::parse(&text, &mut budget, source.name()).map_err(error)?;
    drop(text);
    let start = PREFIX + length;
    sort(
        source.name(),
        start,
        metadata,
        entries,
        source.len() - start,
    )
}

/// Checks every entry and that together they cover `length` bytes from `start` without holes.
fn sort(
    file: &str,
    start: u64,
    metadata: BTreeMap<String, String>,
    mut entries: Vec<(String, Entry)>,
    length: u64,
) -> Result<Shard, CheckpointError> {
    entries.sort_unstable_by_key(|(_, entry)| entry.data_offsets);
    let mut end = 0;
    let mut tensors = Vec::with_capacity(entries.len());
    let mut unsupported = BTreeMap::new();
    for (name, entry) in entries {
        let error = |reason: String| CheckpointError::new(file, tensor_place(&name), reason);
        let [from, to] = entry.data_offsets;
        if from != end {
            return Err(error(format!(
                "starts at byte {from} of the data, the tensor before ends at {end}"
            )));
        }
        let bytes = to
            .checked_sub(from)
            .ok_or_else(|| error(format!("ends at byte {to}, before its start {from}")))?;
        if to > length {
            return Err(error(format!("ends at byte {to} of {length} of the data")));
        }
        let product = entry
            .shape
            .iter()
            .try_fold(1_u64, |product, &size| product.checked_mul(size));
        let expected = product.and_then(|values| values.checked_mul(entry.dtype.bytes()));
        if expected != Some(bytes) {
            return Err(error(format!(
                "{bytes} bytes do not hold the shape {:?} of type {}",
                entry.shape,
                entry.dtype.name()
            )));
        }
        end = to;
        let Some(kind) = entry.dtype.kind() else {
            unsupported.insert(name, entry.dtype);
            continue;
        };
        let shape = entry
            .shape
            .iter()
            .map(|&size| size.try_into().ok())
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(|| error("too large for this machine".to_owned()))?;
        tensors.push(TensorInfo {
            name,
            kind,
            shape,
            offset: start + from,
            bytes,
        });
    }
    if end != length {
        return Err(CheckpointError::new(
            file,
            "tensor data",
            format!("{length} bytes, the header describes {end}"),
        ));
    }
    Ok(Shard {
        index: TensorIndex::new(file, tensors)?,
        unsupported,
        metadata,
    })
}
