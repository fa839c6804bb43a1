//! Weights with an adapter's change added: `W + strength · (alpha / rank) · B A`.

use super::{Adapter, LoraFactors, Projection};
use crate::decoder::{DecoderWeights, DenseMatrix, LayerWeights, Matrix};

/// The weights with the maps that `adapter` changes in single precision, the others as they are.
/// `adapter` must fit the weights.
pub(crate) fn merged(weights: &DecoderWeights, adapter: &Adapter, strength: f32) -> DecoderWeights {
    let factor = strength * adapter.scale();
    let layers = weights.layers.iter().zip(&adapter.layers);
    let layers = layers.map(|(layer, changes)| {
        let map = |projection: Projection| {
            let matrix = projection.weights(layer);
            match changes.get(&projection) {
                Some(factors) => changed(matrix, factors, adapter.config.rank, factor),
                None => matrix.clone(),
            }
        };
        LayerWeights {
            attention_norm: layer.attention_norm.clone(),
            q_proj: map(Projection::Query),
            k_proj: map(Projection::Key),
            v_proj: map(Projection::Value),
            o_proj: map(Projection::Output),
            q_norm: layer.q_norm.clone(),
            k_norm: layer.k_norm.clone(),
            post_attention_norm: layer.post_attention_norm.clone(),
            feed_forward_norm: layer.feed_forward_norm.clone(),
            gate_proj: map(Projection::Gate),
            up_proj: map(Projection::Up),
            down_proj: map(Projection::Down),
            post_feed_forward_norm: layer.post_feed_forward_norm.clone(),
        }
    });
    DecoderWeights {
        embedding: weights.embedding.clone(),
        output: weights.output.clone(),
        final_norm: weights.final_norm.clone(),
        layers: layers.collect(),
    }
}

fn changed(matrix: &Matrix, factors: &LoraFactors, rank: usize, factor: f32) -> Matrix {
    let (rows, cols) = (matrix.rows(), matrix.cols());
    let mut values = matrix.to_dense();
    for (row, b) in values
        .chunks_exact_mut(cols)
        .zip(factors.b.chunks_exact(rank))
    {
        for (b, a) in b.iter().zip(factors.a.chunks_exact(cols)) {
            crate::kernels::simd::add_scaled(row, a, factor * b);
        }
    }
    Matrix::Dense(DenseMatrix { rows, cols, values })
}
