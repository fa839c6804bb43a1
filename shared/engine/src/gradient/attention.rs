//! Causal attention of each sequence to itself, and its gradients (weights are computed again on the
//! way back instead of being kept).

use rayon::prelude::*;

use super::batch::Batch;
use crate::decoder::DecoderSpec;
use crate::kernels::attention::HeadCache;
use crate::kernels::simd;

/// Queries `[rows, heads · head_dim]`, keys and values `[rows, kv_heads · head_dim]`, rotated.
#[derive(Debug)]
pub(super) struct Attended {
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
}

/// Cuts `values` of `width` a row into the rows of each sequence.
fn by_sequence<'v>(batch: &Batch, mut values: &'v mut [f32], width: usize) -> Vec<&'v mut [f32]> {
    let mut parts = Vec::with_capacity(batch.sequences.len());
    for rows in &batch.sequences {
        let (part, rest) = values.split_at_mut(rows.len() * width);
        parts.push(part);
        values = rest;
    }
    parts
}

/// First position that `position` sees.
fn first_seen(spec: &DecoderSpec, layer: usize, position: usize) -> usize {
    spec.layers[layer]
        .window
        .map_or(0, |window| (position + 1).saturating_sub(window))
}

/// `[rows, heads · head_dim]`.
pub(super) fn forward(spec: &DecoderSpec, layer: usize, batch: &Batch, of: &Attended) -> Vec<f32> {
    let (width, kv_width, head_dim) = (spec.query_width(), spec.kv_width(), spec.head_dim);
    let group = spec.heads / spec.kv_heads * head_dim;
    let mut out = vec![0.0; of.queries.len()];
    let parts = by_sequence(batch, &mut out, width);
    parts
        .into_par_iter()
        .zip(&batch.sequences)
        .for_each(|(out, rows)| {
            let queries = &of.queries[rows.start * width..rows.end * width];
            let keys = &of.keys[rows.start * kv_width..rows.end * kv_width];
            let values = &of.values[rows.start * kv_width..rows.end * kv_width];
            let each = out.chunks_exact_mut(width).zip(queries.chunks_exact(width));
            for (position, (out, queries)) in each.enumerate() {
                let seen = first_seen(spec, layer, position)..position + 1;
                let heads = queries
                    .chunks_exact(group)
                    .zip(out.chunks_exact_mut(group))
                    .enumerate();
                for (kv_head, (queries, out)) in heads {
                    let head = HeadCache {
                        keys,
                        values,
                        stride: kv_width,
                        offset: kv_head * head_dim,
                    };
                    let scale = spec.attention_scale;
                    simd::attend(head, queries, head_dim, seen.clone(), scale, out);
                }
            }
        });
    out
}

/// Gradients of queries, keys and values from that of [`forward`]'s result.
pub(super) fn backward(
    spec: &DecoderSpec,
    layer: usize,
    batch: &Batch,
    of: &Attended,
    gradient: &[f32],
) -> Attended {
    let (width, kv_width) = (spec.query_width(), spec.kv_width());
    let mut result = Attended {
        queries: vec![0.0; of.queries.len()],
        keys: vec![0.0; of.keys.len()],
        values: vec![0.0; of.values.len()],
    };
    let queries = by_sequence(batch, &mut result.queries, width);
    let keys = by_sequence(batch, &mut result.keys, kv_width);
    let values = by_sequence(batch, &mut result.values, kv_width);
    queries
        .into_par_iter()
        .zip(keys)
        .zip(values)
        .zip(&batch.sequences)
        .for_each(|(((queries, keys), values), rows)| {
            let part = |all, width| -> &[f32] {
                let all: &[f32] = all;
                &all[rows.start * width..rows.end * width]
            };
            let sequence = Sequence {
                spec,
                layer,
                queries: part(&of.queries, width),
                keys: part(&of.keys, kv_width),
                values: part(&of.values, kv_width),
                gradient: part(gradient, width),
            };
            sequence.backward(queries, keys, values);
        });
    result
}

/// One sequence on its way back.
struct Sequence<'a> {
    spec: &'a DecoderSpec,
    layer: usize,
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    gradient: &'a [f32],
}

impl Sequence<'_> {
    /// Adds to the gradients. With weights `p = softmax(s)`, `s = scale · q·k`:
    /// `dv += p · do`, `dp = do·v`, `ds = p · (dp − Σ p·dp)`, `dq += scale · ds · k`, `dk += scale · ds · q`.
    fn backward(&self, dq: &mut [f32], dk: &mut [f32], dv: &mut [f32]) {
        let spec = self.spec;
        let (width, stride, head_dim) = (spec.query_width(), spec.kv_width(), spec.head_dim);
        let group = spec.heads / spec.kv_heads;
        let mut weights = Vec::new();
        let mut slopes = Vec::new();
        for position in 0..self.queries.len() / width {
            let seen = first_seen(spec, self.layer, position)..position + 1;
            for head in 0..spec.heads {
                let own = position * width + head * head_dim;
                let query = &self.queries[own..][..head_dim];
                let gradient = &self.gradient[own..][..head_dim];
                let at = |seen: usize| seen * stride + head / group * head_dim;
                weights.clear();
                weights.extend(seen.clone().map(|seen| {
                    simd::dot(query, &self.keys[at(seen)..][..head_dim]) * spec.attention_scale
                }));
                simd::softmax(&mut weights);
                slopes.clear();
                slopes.extend(
                    seen.clone()
                        .map(|seen| simd::dot(gradient, &self.values[at(seen)..][..head_dim])),
                );
                let mean = simd::dot(&weights, &slopes);
                for (seen, (weight, slope)) in seen.clone().zip(weights.iter().zip(&slopes)) {
                    let slope = weight * (slope - mean) * spec.attention_scale;
                    let at = at(seen);
                    let key = &self.keys[at..][..head_dim];
                    simd::add_scaled(&mut dv[at..][..head_dim], gradient, *weight);
                    simd::add_scaled(&mut dk[at..][..head_dim], query, slope);
                    simd::add_scaled(&mut dq[own..][..head_dim], key, slope);
                }
            }
        }
    }
}
