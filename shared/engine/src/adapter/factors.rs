//! An adapter's numbers.

use std::collections::BTreeMap;

use protocol::FieldError;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{LoraConfig, Projection};
use crate::decoder::DecoderSpec;
use crate::error::EngineError;

/// The change to one linear map: `B · A`, of the map's shape.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraFactors {
    /// `lora_A.weight`, `[rank, in]`, row after row.
    pub a: Vec<f32>,
    /// `lora_B.weight`, `[out, rank]`, row after row. Its rows are in the order of the model's own,
    /// which for a Llama GGUF is not that of Hugging Face.
    pub b: Vec<f32>,
}

/// A low-rank change to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// Rank, scale and target.
    pub config: LoraConfig,
    /// One map per block, each with the factors of all target modules.
    pub layers: Vec<BTreeMap<Projection, LoraFactors>>,
}

impl Adapter {
    /// An adapter that changes nothing yet, as PEFT starts training: A uniform in ±1/√in (Kaiming
    /// with a = √5, `torch.nn.init.kaiming_uniform_`), B zero. The same seed gives the same numbers.
    ///
    /// # Errors
    /// For a field of `config` outside its range.
    pub fn initial(spec: &DecoderSpec, config: LoraConfig, seed: u64) -> Result<Self, EngineError> {
        config.validate()?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut factors = |projection: Projection| {
            let (rows, cols) = projection.shape(spec);
            let reach = 1.0 / (cols as f32).sqrt();
            let a = (0..config.rank * cols)
                .map(|_| random.random_range(-reach..reach))
                .collect();
            LoraFactors {
                a,
                b: vec![0.0; rows * config.rank],
            }
        };
        let layers = (0..spec.layers.len())
            .map(|_| {
                let modules = config.target_modules.iter();
                modules
                    .map(|projection| (*projection, factors(*projection)))
                    .collect()
            })
            .collect();
        Ok(Self { config, layers })
    }

    /// What `B (A x)` is multiplied by at strength 1.
    pub fn scale(&self) -> f32 {
        self.config.scale()
    }

    /// Number of trained weights.
    pub fn parameters(&self) -> u64 {
        self.layers
            .iter()
            .flat_map(BTreeMap::values)
            .map(|factors| (factors.a.len() + factors.b.len()) as u64)
            .sum()
    }

    /// Checks that this is a whole and finite adapter for a model of the given shape.
    ///
    /// # Errors
    /// For the first field, block or factor that does not fit, by name.
    pub fn check(&self, spec: &DecoderSpec) -> Result<(), EngineError> {
        self.config.validate()?;
        let error = |message: String| Err(FieldError::new("adapter", message).into());
        if self.layers.len() != spec.layers.len() {
            return error(format!(
                "has {} blocks, the model {}",
                self.layers.len(),
                spec.layers.len()
            ));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            if !layer.keys().eq(&self.config.target_modules) {
                return error(format!(
                    "block {number} changes other maps than its config says"
                ));
            }
            for (projection, factors) in layer {
                let (rows, cols) = projection.shape(spec);
                let rank = self.config.rank;
                for (name, values, expected) in [
                    ("lora_A", &factors.a, [rank, cols]),
                    ("lora_B", &factors.b, [rows, rank]),
                ] {
                    if values.len() != expected[0] * expected[1] {
                        return error(format!(
                            "{name} of {projection} in block {number} has {} values, \
                             the model needs {expected:?}",
                            values.len()
                        ));
                    }
                    if values.iter().any(|value| !value.is_finite()) {
                        return error(format!(
                            "{name} of {projection} in block {number} has a value that is not finite"
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
