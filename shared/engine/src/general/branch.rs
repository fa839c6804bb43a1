//! An adapter beside the weights, in burn operations.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::adapter::{AppliedAdapter, Projection};
use crate::decoder::DecoderSpec;

/// An adapter on the device.
#[derive(Debug, Clone)]
pub(super) struct Branches {
    layers: Vec<BTreeMap<Projection, LowRank>>,
}

/// The change to one map.
#[derive(Debug, Clone)]
struct LowRank {
    /// `[in, rank]`.
    a: Tensor<2>,
    /// `[rank, out]`, already multiplied by strength and scale.
    b: Tensor<2>,
}

impl Branches {
    pub(super) fn new(applied: &AppliedAdapter, spec: &DecoderSpec, device: &Device) -> Self {
        let adapter = applied.adapter();
        let rank = adapter.config.rank;
        let tensor = |values: &[f32], shape: [usize; 2]| {
            let data = TensorData::new(values.to_vec(), shape);
            Tensor::<2>::from_data(data, (device, DType::F32)).transpose()
        };
        let layers = adapter.layers.iter().map(|layer| {
            let changes = layer.iter();
            changes
                .map(|(projection, factors)| {
                    let (outputs, inputs) = projection.shape(spec);
                    let change = LowRank {
                        a: tensor(&factors.a, [rank, inputs]),
                        b: tensor(&factors.b, [outputs, rank]) * applied.factor(),
                    };
                    (*projection, change)
                })
                .collect()
        });
        Self {
            layers: layers.collect(),
        }
    }

    /// What the adapter adds to a map's output for the input `x`, `[rows, in]`; `None` where it
    /// leaves the map alone.
    pub(super) fn change(
        &self,
        layer: usize,
        projection: Projection,
        x: Tensor<2>,
    ) -> Option<Tensor<2>> {
        let change = self.layers[layer].get(&projection)?;
        Some(x.matmul(change.a.clone()).matmul(change.b.clone()))
    }
}
