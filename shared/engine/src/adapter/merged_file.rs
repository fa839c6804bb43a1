//! A GGUF file with an adapter's change in its weights: any program that reads the base reads it.

use std::io::Write;

use super::{Adapter, Projection, merged};
use crate::architecture;
use crate::checkpoint::gguf::writer::{PlannedTensor, WriteError, Writer};
use crate::checkpoint::gguf::{Gguf, Value};
use crate::checkpoint::{ByteSource, TensorType};
use crate::error::{CheckpointError, EngineError};
use crate::model::WeightFormat;
use protocol::adapter::check_strength;

/// Why there is no merged file.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The base cannot be read, or the adapter does not fit it.
    #[error(transparent)]
    Model(#[from] EngineError),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<CheckpointError> for MergeError {
    fn from(error: CheckpointError) -> Self {
        Self::Model(error.into())
    }
}

/// Copies the model in `source`; maps that `adapter` changes are written in single precision,
/// everything else as it is. `name` goes behind the model's.
///
/// # Errors
/// When the base cannot be read, the adapter does not fit it, or the sink fails.
pub fn write_merged<W: Write>(
    source: &dyn ByteSource,
    adapter: &Adapter,
    strength: f32,
    name: &str,
    sink: W,
) -> Result<W, MergeError> {
    let base = Gguf::open(source)?;
    let decoder = architecture::from_gguf(base.metadata(), &base, WeightFormat::AsStored)?;
    adapter.check(&decoder.spec)?;
    check_strength(strength).map_err(EngineError::from)?;
    let weights = merged(&decoder.weights, adapter, strength);
    let changed = |tensor: &str| {
        let (layer, projection) = place(tensor)?;
        let factors = adapter.layers.get(layer)?;
        factors.contains_key(&projection).then_some(())?;
        Some(projection.weights(weights.layers.get(layer)?))
    };
    let planned: Vec<PlannedTensor> = base
        .tensors()
        .iter()
        .map(|info| PlannedTensor {
            name: info.name.clone(),
            kind: match changed(&info.name) {
                Some(_) => TensorType::F32,
                None => info.kind,
            },
            shape: info.shape.clone(),
        })
        .collect();
    let mut metadata = base.metadata().clone();
    let full_name = match metadata.str("general.name") {
        Some(base) => format!("{base} + {name}"),
        None => name.to_owned(),
    };
    metadata.set("general.name", Value::String(full_name));
    let mut writer = Writer::new(sink, &metadata, &planned)?;
    for info in base.tensors() {
        let bytes = match changed(&info.name) {
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

/// Layer and map of `blk.3.attn_q.weight`.
fn place(tensor: &str) -> Option<(usize, Projection)> {
    let (layer, map) = tensor.strip_prefix("blk.")?.split_once('.')?;
    let projection = match map.strip_suffix(".weight")? {
        "attn_q" => Projection::Query,
        "attn_k" => Projection::Key,
        "attn_v" => Projection::Value,
        "attn_output" => Projection::Output,
        "ffn_gate" => Projection::Gate,
        "ffn_up" => Projection::Up,
        "ffn_down" => Projection::Down,
        _ => return None,
    };
    Some((layer.parse().ok()?, projection))
}
