//! `adapter_model.safetensors`.

use std::collections::{BTreeMap, BTreeSet};

use super::rows;
use crate::adapter::{Adapter, LoraConfig, LoraFactors, Projection};
use crate::checkpoint::safetensors::{Safetensors, writer};
use crate::checkpoint::{ByteSource, TensorStore};
use crate::decoder::DecoderSpec;
use crate::error::CheckpointError;

/// The two factors of a change.
#[derive(Clone, Copy)]
enum Factor {
    A,
    B,
}

/// Name of a tensor in PEFT's files, for a causal language model of transformers.
fn name(layer: usize, projection: Projection, factor: Factor) -> String {
    let part = match projection {
        Projection::Query | Projection::Key | Projection::Value | Projection::Output => "self_attn",
        Projection::Gate | Projection::Up | Projection::Down => "mlp",
    };
    let factor = match factor {
        Factor::A => "lora_A",
        Factor::B => "lora_B",
    };
    format!("base_model.model.model.layers.{layer}.{part}.{projection}.{factor}.weight")
}

/// Reads the factors that `config` promises for every block, and nothing else.
///
/// # Errors
/// For the first tensor that is missing, of another shape or transposed, broken, or too much.
pub fn read(
    source: &dyn ByteSource,
    config: &LoraConfig,
    spec: &DecoderSpec,
) -> Result<Vec<BTreeMap<Projection, LoraFactors>>, CheckpointError> {
    let store = Safetensors::open(source)?;
    let mut expected = BTreeSet::new();
    for layer in 0..spec.layers.len() {
        for projection in &config.target_modules {
            expected.insert(name(layer, *projection, Factor::A));
            expected.insert(name(layer, *projection, Factor::B));
        }
    }
    for found in store.names() {
        if !expected.contains(found) {
            return Err(error(
                source,
                found,
                format!(
                    "is too much: the model has {} blocks, and {} asks for {}",
                    spec.layers.len(),
                    super::CONFIG_FILE,
                    listed(&config.target_modules)
                ),
            ));
        }
    }
    let rank = config.rank;
    let factors = |layer: usize, projection: Projection| {
        let (outputs, inputs) = projection.shape(spec);
        let a = name(layer, projection, Factor::A);
        let b = name(layer, projection, Factor::B);
        let a = values(source, &store, &a, [rank, inputs])?;
        let b = values(source, &store, &b, [outputs, rank])?;
        let b = rows::to_model(projection, spec, b, rank);
        Ok(LoraFactors { a, b })
    };
    (0..spec.layers.len())
        .map(|layer| {
            let modules = config.target_modules.iter();
            modules
                .map(|projection| Ok((*projection, factors(layer, *projection)?)))
                .collect()
        })
        .collect()
}

fn values(
    source: &dyn ByteSource,
    store: &Safetensors<'_>,
    name: &str,
    shape: [usize; 2],
) -> Result<Vec<f32>, CheckpointError> {
    if let Some(info) = store.info(name)
        && info.shape != shape
    {
        let transposed = info.shape == [shape[1], shape[0]];
        let how = if transposed { "is transposed: " } else { "" };
        return Err(error(
            source,
            name,
            format!("{how}shape {:?}, the model needs {shape:?}", info.shape),
        ));
    }
    store.read(name)?.to_f32()
}

fn error(source: &dyn ByteSource, name: &str, reason: String) -> CheckpointError {
    CheckpointError::new(source.name(), format!("tensor `{name}`"), reason)
}

fn listed(modules: &BTreeSet<Projection>) -> String {
    let names: Vec<&str> = modules.iter().map(|projection| projection.name()).collect();
    names.join(", ")
}

/// All factors in single precision, sorted by name.
pub fn write(adapter: &Adapter, spec: &DecoderSpec) -> Vec<u8> {
    let rank = adapter.config.rank;
    let mut tensors = BTreeMap::new();
    for (layer, changes) in adapter.layers.iter().enumerate() {
        for (projection, factors) in changes {
            let (outputs, inputs) = projection.shape(spec);
            let b = rows::to_hugging_face(*projection, spec, &factors.b, rank);
            tensors.insert(
                name(layer, *projection, Factor::A),
                (vec![rank, inputs], factors.a.clone()),
            );
            tensors.insert(
                name(layer, *projection, Factor::B),
                (vec![outputs, rank], b),
            );
        }
    }
    writer::single_precision(&tensors)
}
