//! Reads and checks everything that stands before the tensors' bytes.

use super::super::source::ByteSource;
use super::super::store::TensorIndex;
use super::super::tensor::{TensorInfo, tensor_place};
use super::super::tensor_type::TensorType;
use super::cursor::{Cursor, STRING_PREFIX};
use super::metadata::Metadata;
use super::value::Value;
use super::{ALIGNMENT_KEY, DEFAULT_ALIGNMENT, MAGIC, MAX_DIMENSIONS, align};
use crate::error::CheckpointError;

/// Fewest bytes of a key with its value: an empty key, a type and one byte.
const SMALLEST_ENTRY: u64 = STRING_PREFIX + 4 + 1;
/// Fewest bytes of a tensor's entry: an empty name, no dimensions, type and offset.
const SMALLEST_TENSOR: u64 = STRING_PREFIX + 4 + 4 + 8;

/// The metadata and where every tensor lies.
pub(super) fn read(source: &dyn ByteSource) -> Result<(Metadata, TensorIndex), CheckpointError> {
    let mut cursor = Cursor::new(source);
    read_version(&mut cursor)?;
    let tensors = cursor.u64("tensor count")?;
    let entries = cursor.u64("metadata count")?;
    cursor.expect(tensors, SMALLEST_TENSOR, "tensor count")?;
    cursor.expect(entries, SMALLEST_ENTRY, "metadata count")?;
    let metadata = read_metadata(&mut cursor, source.name(), entries)?;
    let alignment = alignment(&metadata)?;
    let tensors = read_tensors(&mut cursor, tensors)?;
    let tensors = place_tensors(&cursor, tensors, alignment, source.len())?;
    Ok((metadata, TensorIndex::new(source.name(), tensors)?))
}

fn read_version(cursor: &mut Cursor<'_>) -> Result<(), CheckpointError> {
    if cursor.array("magic")? != MAGIC {
        return Err(cursor.error("magic", "this is not a GGUF file"));
    }
    let version = cursor.u32("version")?;
    match version {
        2 | 3 => Ok(()),
        1 => Err(cursor.error(
            "version",
            "version 1 is not supported: convert the file anew",
        )),
        // A small number with its bytes reversed.
        _ if version & 0xffff == 0 && version != 0 => Err(cursor.error(
            "version",
            "big-endian files are not supported: convert to little-endian",
        )),
        other => Err(cursor.error(
            "version",
            format!("version {other} is not supported; supported are 2 and 3"),
        )),
    }
}

fn read_metadata(
    cursor: &mut Cursor<'_>,
    file: &str,
    count: u64,
) -> Result<Metadata, CheckpointError> {
    let mut metadata = Metadata::new(file);
    for number in 0..count {
        let place = format!("metadata key {number}");
        // Nodes of the map are at least half full.
        cursor.book(2, size_of::<(String, Value)>(), &place)?;
        let key = cursor.string(&place)?;
        let type_id = cursor.u32(&key)?;
        let value = Value::read(cursor, type_id, &key)?;
        metadata.add(key, value)?;
    }
    Ok(metadata)
}

fn alignment(metadata: &Metadata) -> Result<u64, CheckpointError> {
    match metadata.get(ALIGNMENT_KEY) {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(&Value::U32(alignment)) if alignment.is_power_of_two() => Ok(alignment.into()),
        Some(Value::U32(alignment)) => {
            Err(metadata.error(ALIGNMENT_KEY, format!("{alignment} is not a power of two")))
        }
        Some(_) => Err(metadata.error(ALIGNMENT_KEY, "is not an unsigned 32-bit number")),
    }
}

/// Tensors with offsets from the start of the data, as the file gives them.
fn read_tensors(cursor: &mut Cursor<'_>, count: u64) -> Result<Vec<TensorInfo>, CheckpointError> {
    cursor.expect(count, SMALLEST_TENSOR, "tensor count")?;
    // The entry, its place in the index by name.
    cursor.book(
        count,
        size_of::<TensorInfo>() + size_of::<u32>(),
        "tensor count",
    )?;
    let capacity =
        usize::try_from(count).map_err(|_| cursor.error("tensor count", "too many tensors"))?;
    let mut tensors = Vec::with_capacity(capacity);
    for number in 0..capacity {
        tensors.push(read_tensor(cursor, number)?);
    }
    Ok(tensors)
}

fn read_tensor(cursor: &mut Cursor<'_>, number: usize) -> Result<TensorInfo, CheckpointError> {
    let name = cursor.string(&format!("name of tensor {number}"))?;
    let place = tensor_place(&name);
    let count = cursor.u32(&place)? as usize;
    if count > MAX_DIMENSIONS {
        return Err(cursor.error(
            &place,
            format!("{count} dimensions, at most {MAX_DIMENSIONS} are supported"),
        ));
    }
    cursor.book(count as u64, size_of::<usize>(), &place)?;
    // The file has the innermost dimension first.
    let mut dimensions = [0_u64; MAX_DIMENSIONS];
    let dimensions = &mut dimensions[..count];
    for dimension in dimensions.iter_mut().rev() {
        *dimension = cursor.u64(&place)?;
        if *dimension == 0 {
            return Err(cursor.error(&place, "has a dimension of 0"));
        }
    }
    let type_id = cursor.u32(&place)?;
    let kind = TensorType::from_ggml_id(type_id).ok_or_else(|| {
        let supported = TensorType::ALL.map(TensorType::name).join(" ");
        cursor.error(
            &place,
            format!("tensor type number {type_id} is not supported; supported are {supported}"),
        )
    })?;
    let bytes = kind
        .tensor_bytes(dimensions)
        .map_err(|reason| cursor.error(&place, reason))?;
    let shape =
        in_memory(dimensions).ok_or_else(|| cursor.error(&place, "too large for this machine"))?;
    Ok(TensorInfo {
        name,
        kind,
        shape,
        offset: cursor.u64(&place)?,
        bytes,
    })
}

/// The dimensions as this machine counts, if their product still does.
fn in_memory(dimensions: &[u64]) -> Option<Vec<usize>> {
    let product = dimensions.iter().product::<u64>();
    usize::try_from(product).ok()?;
    dimensions
        .iter()
        .map(|&dimension| dimension.try_into().ok())
        .collect()
}

/// Makes offsets absolute and checks that every tensor lies inside the file.
fn place_tensors(
    cursor: &Cursor<'_>,
    mut tensors: Vec<TensorInfo>,
    alignment: u64,
    length: u64,
) -> Result<Vec<TensorInfo>, CheckpointError> {
    let start = align(cursor.position(), alignment);
    for tensor in &mut tensors {
        if !tensor.offset.is_multiple_of(alignment) {
            return Err(cursor.error(
                &tensor.place(),
                format!("offset {} is not a multiple of {alignment}", tensor.offset),
            ));
        }
        let offset = start.and_then(|start| start.checked_add(tensor.offset));
        match offset {
            Some(offset)
                if offset
                    .checked_add(tensor.bytes)
                    .is_some_and(|end| end <= length) =>
            {
                tensor.offset = offset;
            }
            _ => {
                return Err(cursor.error(
                    &tensor.place(),
                    format!(
                        "{} bytes at {} of the tensor data do not lie in the file of {length}",
                        tensor.bytes, tensor.offset
                    ),
                ));
            }
        }
    }
    Ok(tensors)
}
