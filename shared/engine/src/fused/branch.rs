//! An adapter beside the packed weights: two skinny products in single precision for each map that
//! it changes, added to what the packed product gave.

use std::collections::BTreeMap;

use super::for_each_row;
use crate::adapter::{AppliedAdapter, LoraFactors, Projection};
use crate::kernels::simd;

/// An adapter laid out for the processor.
pub(super) struct Branches {
    factor: f32,
    layers: Vec<BTreeMap<Projection, LowRank>>,
}

/// The change to one map.
struct LowRank {
    /// `[rank, in]`.
    a: Vec<f32>,
    /// `[rank, out]`: the columns of B one after the other, so that both products walk along rows.
    b: Vec<f32>,
}

impl Branches {
    pub(super) fn new(applied: &AppliedAdapter) -> Self {
        let adapter = applied.adapter();
        let rank = adapter.config.rank;
        let layers = adapter.layers.iter().map(|layer| {
            let changes = layer.iter();
            changes
                .map(|(projection, factors)| (*projection, LowRank::new(factors, rank)))
                .collect()
        });
        Self {
            factor: applied.factor(),
            layers: layers.collect(),
        }
    }

    /// Adds the change of one map to its output; `x` has `width` values a row.
    pub(super) fn add(
        &self,
        layer: usize,
        projection: Projection,
        x: &[f32],
        width: usize,
        output: &mut [f32],
    ) {
        let Some(change) = self.layers[layer].get(&projection) else {
            return;
        };
        let rows = x.len() / width;
        for_each_row(output, output.len() / rows.max(1), |row, output| {
            let x = &x[row * width..(row + 1) * width];
            simd::add_low_rank(x, &change.a, &change.b, self.factor, output);
        });
    }
}

impl LowRank {
    fn new(factors: &LoraFactors, rank: usize) -> Self {
        let outputs = factors.b.len() / rank;
        let mut b = Vec::with_capacity(factors.b.len());
        for column in 0..rank {
            b.extend((0..outputs).map(|row| factors.b[row * rank + column]));
        }
        Self {
            a: factors.a.clone(),
            b,
        }
    }
}
