//! A GGUF file with an adapter's change in its weights: any program that reads the base reads it.

use std::collections::HashMap;
use std::io::Write;

use super::{Adapter, Projection};
use crate::Model;
use crate::architecture::{Part, TensorNames};
use crate::checkpoint::gguf::writer::{PlannedTensor, Writer};
use crate::checkpoint::gguf::{Gguf, RewriteError, Value};
use crate::checkpoint::{ByteSource, TensorType};
use crate::decoder::Matrix;

/// Copies the file of `base`; maps that `adapter` changes are written in single precision,
/// everything else as it is. `name` goes behind the model's.
///
/// # Errors
/// When the file cannot be read, the adapter does not fit the model, or the sink fails.
pub fn write_merged<W: Write>(
    source: &dyn ByteSource,
    base: &Model,
    adapter: &Adapter,
    strength: f32,
    name: &str,
    sink: W,
) -> Result<W, RewriteError> {
    let merged = base.merged(adapter, strength)?;
    let mut changed: HashMap<String, &Matrix> = HashMap::new();
    let layers = merged.weights().layers.iter().zip(&adapter.layers);
    for (layer, (weights, changes)) in layers.enumerate() {
        for projection in changes.keys() {
            let tensor = TensorNames::Gguf.layer(layer, part(*projection));
            changed.insert(tensor, projection.weights(weights));
        }
    }
    let file = Gguf::open(source)?;
    let planned: Vec<PlannedTensor> = file
        .tensors()
        .iter()
        .map(|info| PlannedTensor {
            name: info.name.clone(),
            kind: match changed.contains_key(&info.name) {
                true => TensorType::F32,
                false => info.kind,
            },
            shape: info.shape.clone(),
        })
        .collect();
    let mut metadata = file.metadata().clone();
    let full_name = match metadata.str("general.name") {
        Some(base) => format!("{base} + {name}"),
        None => name.to_owned(),
    };
    metadata.set("general.name", Value::String(full_name));
    let mut writer = Writer::new(sink, &metadata, &planned)?;
    for info in file.tensors() {
        let bytes = match changed.get(&info.name) {
            Some(matrix) => matrix
                .to_dense()
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            None => source.read(info.offset, info.bytes)?,
        };
        writer.tensor(&info.name, &bytes)?;
    }
    Ok(writer.finish()?)
}

fn part(projection: Projection) -> Part {
    match projection {
        Projection::Query => Part::Query,
        Projection::Key => Part::Key,
        Projection::Value => Part::Value,
        Projection::Output => Part::Output,
        Projection::Gate => Part::Gate,
        Projection::Up => Part::Up,
        Projection::Down => Part::Down,
    }
}
