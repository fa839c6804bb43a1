//! Gradients of an adapter's factors.

use std::collections::BTreeMap;

use crate::adapter::{Adapter, LoraFactors, Projection};

/// One number for each of the adapter's, in the same places.
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients {
    /// One map per block, as [`Adapter::layers`].
    pub layers: Vec<BTreeMap<Projection, LoraFactors>>,
}

impl Gradients {
    /// All zero, of the adapter's shape.
    pub fn zero(adapter: &Adapter) -> Self {
        let zero = |factors: &LoraFactors| LoraFactors {
            a: vec![0.0; factors.a.len()],
            b: vec![0.0; factors.b.len()],
        };
        Self {
            layers: adapter
                .layers
                .iter()
                .map(|layer| layer.iter().map(|(name, of)| (*name, zero(of))).collect())
                .collect(),
        }
    }

    /// Every factor's values, block after block, `lora_A` before `lora_B`.
    pub fn values(&self) -> impl Iterator<Item = &[f32]> {
        self.layers
            .iter()
            .flat_map(BTreeMap::values)
            .flat_map(|factors| [&*factors.a, &*factors.b])
    }

    /// As [`Gradients::values`], to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.layers
            .iter_mut()
            .flat_map(BTreeMap::values_mut)
            .flat_map(|factors| [&mut *factors.a, &mut *factors.b])
    }

    /// Multiplies everything.
    pub fn scale(&mut self, factor: f32) {
        for values in self.values_mut() {
            values.iter_mut().for_each(|value| *value *= factor);
        }
    }

    /// Euclidean norm over all factors, summed in double precision.
    pub fn norm(&self) -> f64 {
        let squares =
            |values: &[f32]| -> f64 { values.iter().map(|value| f64::from(*value).powi(2)).sum() };
        self.values().map(squares).sum::<f64>().sqrt()
    }
}
