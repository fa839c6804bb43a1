//! Writes GGUF version 3 to any sink, tensor by tensor.

use std::io::{self, Write};

use super::super::tensor_type::TensorType;
use super::metadata::Metadata;
use super::value::{Array, Value};
use super::{ALIGNMENT_KEY, DEFAULT_ALIGNMENT, MAGIC, MAX_DIMENSIONS, align};

const VERSION: u32 = 3;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What was to be written does not make a valid file.
    #[error("{place}: {reason}")]
    Invalid {
        /// The key or tensor.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn invalid(place: impl Into<String>, reason: impl Into<String>) -> WriteError {
    WriteError::Invalid {
        place: place.into(),
        reason: reason.into(),
    }
}

/// A tensor that a file will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTensor {
    /// Its name.
    pub name: String,
    /// How its values are stored.
    pub kind: TensorType,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
}

/// A file in the making: the header is written first, then every tensor's bytes in the order of
/// the plan.
pub struct Writer<W: Write> {
    sink: W,
    alignment: u64,
    /// Bytes written.
    position: u64,
    /// Name and length of the tensors still to come, last first.
    pending: Vec<(String, u64)>,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When the sink fails, a tensor's shape does not go with its type, or two tensors have the
    /// same name.
    pub fn new(
        mut sink: W,
        metadata: &Metadata,
        tensors: &[PlannedTensor],
    ) -> Result<Self, WriteError> {
        let alignment = match metadata.get(ALIGNMENT_KEY) {
            None => DEFAULT_ALIGNMENT,
            Some(&Value::U32(alignment)) if alignment.is_power_of_two() => alignment.into(),
            Some(_) => return Err(invalid(ALIGNMENT_KEY, "is not a 32-bit power of two")),
        };
        let mut header = Vec::new();
        header.extend(MAGIC);
        header.extend(VERSION.to_le_bytes());
        header.extend((tensors.len() as u64).to_le_bytes());
        header.extend((metadata.iter().count() as u64).to_le_bytes());
        for (key, value) in metadata.iter() {
            put_string(&mut header, key);
            header.extend(value.type_id().to_le_bytes());
            put_value(&mut header, value);
        }
        let mut pending = put_tensors(&mut header, tensors, alignment)?;
        pending.reverse();
        sink.write_all(&header)?;
        let mut writer = Self {
            sink,
            alignment,
            position: header.len() as u64,
            pending,
        };
        writer.pad()?;
        Ok(writer)
    }

    /// Writes the next tensor of the plan.
    ///
    /// # Errors
    /// When the sink fails, `name` is not the next tensor, or `bytes` is not of its length.
    pub fn tensor(&mut self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        match self.pending.pop() {
            Some((next, length)) if next == name && length == bytes.len() as u64 => {}
            Some((next, length)) => {
                return Err(invalid(
                    format!("tensor `{name}`"),
                    format!(
                        "{} bytes given where {length} of `{next}` follow",
                        bytes.len()
                    ),
                ));
            }
            None => return Err(invalid(format!("tensor `{name}`"), "is not in the plan")),
        }
        self.sink.write_all(bytes)?;
        self.position += bytes.len() as u64;
        self.pad()
    }

    /// Ends the file and gives the sink back, flushed.
    ///
    /// # Errors
    /// When the sink fails or a tensor is missing.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if let Some((name, _)) = self.pending.pop() {
            return Err(invalid(format!("tensor `{name}`"), "was not written"));
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn pad(&mut self) -> Result<(), WriteError> {
        let end = align(self.position, self.alignment)
            .ok_or_else(|| invalid("tensor data", "the file is too large"))?;
        io::copy(
            &mut io::Read::take(io::repeat(0), end - self.position),
            &mut self.sink,
        )?;
        self.position = end;
        Ok(())
    }
}

/// Writes the entries of all tensors; gives names and lengths in the same order.
fn put_tensors(
    header: &mut Vec<u8>,
    tensors: &[PlannedTensor],
    alignment: u64,
) -> Result<Vec<(String, u64)>, WriteError> {
    let mut names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(invalid(format!("tensor `{}`", pair[0]), "appears twice"));
    }
    let mut offset = 0_u64;
    let mut lengths = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let place = || format!("tensor `{}`", tensor.name);
        let shape: Vec<u64> = tensor.shape.iter().map(|&size| size as u64).collect();
        if shape.len() > MAX_DIMENSIONS || shape.contains(&0) {
            return Err(invalid(
                place(),
                format!("the shape {shape:?} is not supported"),
            ));
        }
        let bytes = tensor
            .kind
            .tensor_bytes(&shape)
            .map_err(|reason| invalid(place(), reason))?;
        put_string(header, &tensor.name);
        header.extend((shape.len() as u32).to_le_bytes());
        for size in shape.iter().rev() {
            header.extend(size.to_le_bytes());
        }
        header.extend(tensor.kind.ggml_id().to_le_bytes());
        header.extend(offset.to_le_bytes());
        lengths.push((tensor.name.clone(), bytes));
        offset = offset
            .checked_add(bytes)
            .and_then(|end| align(end, alignment))
            .ok_or_else(|| invalid(place(), "the file is too large"))?;
    }
    Ok(lengths)
}

fn put_string(header: &mut Vec<u8>, text: &str) {
    header.extend((text.len() as u64).to_le_bytes());
    header.extend(text.as_bytes());
}

fn put_value(header: &mut Vec<u8>, value: &Value) {
    match value {
        Value::U8(value) => header.extend(value.to_le_bytes()),
        Value::I8(value) => header.extend(value.to_le_bytes()),
        Value::U16(value) => header.extend(value.to_le_bytes()),
        Value::I16(value) => header.extend(value.to_le_bytes()),
        Value::U32(value) => header.extend(value.to_le_bytes()),
        Value::I32(value) => header.extend(value.to_le_bytes()),
        Value::F32(value) => header.extend(value.to_le_bytes()),
        Value::Bool(value) => header.push(u8::from(*value)),
        Value::String(text) => put_string(header, text),
        Value::Array(array) => put_array(header, array),
        Value::U64(value) => header.extend(value.to_le_bytes()),
        Value::I64(value) => header.extend(value.to_le_bytes()),
        Value::F64(value) => header.extend(value.to_le_bytes()),
    }
}

fn put_array(header: &mut Vec<u8>, array: &Array) {
    header.extend(array.item_type_id().to_le_bytes());
    header.extend((array.len() as u64).to_le_bytes());
    match array {
        Array::U8(items) => header.extend(items),
        Array::I8(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::U16(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::I16(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::U32(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::I32(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::F32(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::Bool(items) => header.extend(items.iter().map(|&item| u8::from(item))),
        Array::String(items) => items.iter().for_each(|item| put_string(header, item)),
        Array::U64(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::I64(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
        Array::F64(items) => header.extend(items.iter().flat_map(|item| item.to_le_bytes())),
    }
}
