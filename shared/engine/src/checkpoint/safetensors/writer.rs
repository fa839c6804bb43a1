//! Writes a file of single-precision tensors.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Data begins at a multiple of it.
const ALIGNMENT: usize = 8;

/// The bytes of a safetensors file with the given tensors (shape and values), in the order of their
/// names: the same tensors give the same bytes.
pub fn single_precision(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let mut header = Map::new();
    // transformers and PEFT refuse files that do not say which framework they are for.
    header.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
    let mut end = 0;
    for (name, (shape, values)) in tensors {
        let start = end;
        end += values.len() * 4;
        header.insert(
            name.clone(),
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] }),
        );
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    for (_, values) in tensors.values() {
        for value in values {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}
