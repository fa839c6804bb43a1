//! One transformer block over all rows.

use super::rope::Angles;
use super::{FusedChunk, FusedPass, Row, for_each_row, packed};
use crate::adapter::Projection;
use crate::decoder::Activation;
use crate::error::EngineError;
use crate::kernels::activation::QuantisedRows;
use crate::kernels::attention::HeadCache;
use crate::kernels::linear::linear_many;
use crate::kernels::simd;

impl FusedPass {
    pub(super) fn block(
        &self,
        layer: usize,
        rows: &[Row],
        angles: &[Angles],
        chunks: &mut [FusedChunk<'_>],
        residual: &mut [f32],
    ) -> Result<(), EngineError> {
        use Projection::{Down, Gate, Key, Output, Query, Up, Value};
        let weights = &self.weights.layers[layer];
        let hidden = self.spec.hidden;

        let normed = self.normalised(residual, &weights.attention_norm);
        let [mut queries, mut keys, values] =
            self.project(layer, &normed, hidden, [Query, Key, Value])?;
        self.place(
            layer,
            angles,
            weights.q_norm.as_deref(),
            self.spec.query_width(),
            &mut queries,
        );
        self.place(
            layer,
            angles,
            weights.k_norm.as_deref(),
            self.spec.kv_width(),
            &mut keys,
        );
        store(layer, rows, chunks, &keys, &values, self.spec.kv_width());
        let attended = self.attend(layer, rows, chunks, &queries);
        let [output] = self.project(layer, &attended, self.spec.query_width(), [Output])?;
        self.join(residual, output, weights.post_attention_norm.as_deref());

        let normed = self.normalised(residual, &weights.feed_forward_norm);
        let [mut gate, up] = self.project(layer, &normed, hidden, [Gate, Up])?;
        let width = self.spec.feed_forward;
        for_each_row(&mut gate, width, |row, gate| {
            let up = &up[row * width..(row + 1) * width];
            match self.spec.activation {
                Activation::GeluTanh => simd::gelu_gate(gate, up),
                Activation::Silu => simd::silu_gate(gate, up),
            }
        });
        let [output] = self.project(layer, &gate, width, [Down])?;
        self.join(residual, output, weights.post_feed_forward_norm.as_deref());
        Ok(())
    }

    /// The given maps on the same input, `[rows, width]`, with the adapter's change where there is one.
    fn project<const N: usize>(
        &self,
        layer: usize,
        values: &[f32],
        width: usize,
        projections: [Projection; N],
    ) -> Result<[Vec<f32>; N], EngineError> {
        let weights = &self.weights.layers[layer];
        let mut matrices = Vec::with_capacity(N);
        for projection in projections {
            matrices.push(packed(projection.weights(weights))?);
        }
        let matrices: [_; N] = matrices
            .try_into()
            .map_err(|_| EngineError::Device("a projection is missing".into()))?;
        let mut outputs = linear_many(&QuantisedRows::from_rows(values, width), matrices);
        if let Some(branches) = &self.branches {
            for (projection, output) in projections.into_iter().zip(&mut outputs) {
                branches.add(layer, projection, values, width, output);
            }
        }
        Ok(outputs)
    }

    /// Per-head norm where the model has one, then rotation to the row's position.
    fn place(
        &self,
        layer: usize,
        angles: &[Angles],
        norm: Option<&[f32]>,
        width: usize,
        values: &mut [f32],
    ) {
        let head_dim = self.spec.head_dim;
        for_each_row(values, width, |row, values| {
            let mut normed = vec![0.0; head_dim];
            for head in values.chunks_exact_mut(head_dim) {
                if let Some(norm) = norm {
                    simd::rms_norm(head, norm, self.spec.norm_epsilon, &mut normed);
                    head.copy_from_slice(&normed);
                }
                self.rope.rotate(layer, angles, row, head);
            }
        });
    }

    fn attend(
        &self,
        layer: usize,
        rows: &[Row],
        chunks: &[FusedChunk<'_>],
        queries: &[f32],
    ) -> Vec<f32> {
        let spec = &self.spec;
        let (width, head_dim) = (spec.query_width(), spec.head_dim);
        let group = spec.heads / spec.kv_heads * head_dim;
        let mut out = vec![0.0; queries.len()];
        for_each_row(&mut out, width, |row, out| {
            let Row { chunk, position } = rows[row];
            let cache = &chunks[chunk].cache.layers[layer];
            let start = spec.layers[layer]
                .window
                .map_or(0, |window| (position + 1).saturating_sub(window));
            let queries = &queries[row * width..(row + 1) * width];
            let heads = queries
                .chunks_exact(group)
                .zip(out.chunks_exact_mut(group))
                .enumerate();
            for (kv_head, (queries, out)) in heads {
                let head = HeadCache {
                    keys: &cache.keys,
                    values: &cache.values,
                    stride: spec.kv_width(),
                    offset: kv_head * head_dim,
                };
                simd::attend(
                    head,
                    queries,
                    head_dim,
                    start..position + 1,
                    spec.attention_scale,
                    out,
                );
            }
        });
        out
    }

    /// Adds a block's output, normed where the model does so, to the residual stream.
    fn join(&self, residual: &mut [f32], output: Vec<f32>, norm: Option<&[f32]>) {
        let output = match norm {
            Some(norm) => self.normalised(&output, norm),
            None => output,
        };
        for (residual, output) in residual.iter_mut().zip(output) {
            *residual += output;
        }
    }
}

fn store(
    layer: usize,
    rows: &[Row],
    chunks: &mut [FusedChunk<'_>],
    keys: &[f32],
    values: &[f32],
    width: usize,
) {
    for (index, row) in rows.iter().enumerate() {
        let cache = &mut chunks[row.chunk].cache.layers[layer];
        let to = row.position * width..(row.position + 1) * width;
        let from = index * width..(index + 1) * width;
        cache.keys[to.clone()].copy_from_slice(&keys[from.clone()]);
        cache.values[to].copy_from_slice(&values[from]);
    }
}
