//! Attention of one position over a key/value cache.

// One index walks several register arrays in step.
#![allow(clippy::needless_range_loop)]

use std::array::from_fn;
use std::ops::Range;

use super::lanes::Lanes;
use super::vector::softmax;

/// Query heads that share each loaded key and value.
const HEADS: usize = 4;
/// Keys, or registers of a value, that are worked on together: with four heads eight running sums,
/// enough to hide the latency of a multiply-add and few enough for sixteen registers.
const TILE: usize = 2;
/// Positions whose values are summed up before the sums go to memory.
const RUN: usize = 16;

/// One key/value head's part of a cache: rows of `stride` values, this head's at `offset`.
#[derive(Clone, Copy)]
pub struct HeadCache<'a> {
    /// Keys, `[position][stride]`.
    pub keys: &'a [f32],
    /// Values, `[position][stride]`.
    pub values: &'a [f32],
    /// Width of one position.
    pub stride: usize,
    /// Where this head begins within a position.
    pub offset: usize,
}

/// `out = softmax(scale · q·Kᵀ) · V` over `positions`, for every query head that reads this
/// key/value head. `queries` and `out` hold whole heads of `head_dim` values.
#[inline(always)]
pub(crate) fn attend<L: Lanes>(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    let heads = queries
        .chunks(HEADS * head_dim)
        .zip(out.chunks_mut(HEADS * head_dim));
    for (queries, out) in heads {
        let positions = positions.clone();
        match queries.len() / head_dim {
            1 => attend_heads::<L, 1>(cache, queries, head_dim, positions, scale, out),
            2 => attend_heads::<L, 2>(cache, queries, head_dim, positions, scale, out),
            3 => attend_heads::<L, 3>(cache, queries, head_dim, positions, scale, out),
            _ => attend_heads::<L, HEADS>(cache, queries, head_dim, positions, scale, out),
        }
    }
}

#[inline(always)]
fn attend_heads<L: Lanes, const H: usize>(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    let count = positions.len();
    let start = |index: usize| (positions.start + index) * cache.stride + cache.offset;
    let key = |index: usize| &cache.keys[start(index)..][..head_dim];
    let queries: [&[f32]; H] = from_fn(|head| &queries[head * head_dim..][..head_dim]);
    let mut scores = vec![0.0f32; H * count];
    let mut index = 0;
    while index + TILE <= count {
        let products = dots::<L, H, TILE>(queries, from_fn(|tile| key(index + tile)));
        for (scores, products) in scores.chunks_exact_mut(count).zip(products) {
            scores[index..index + TILE].copy_from_slice(&products);
        }
        index += TILE;
    }
    while index < count {
        let products = dots::<L, H, 1>(queries, [key(index)]);
        for (scores, [product]) in scores.chunks_exact_mut(count).zip(products) {
            scores[index] = product;
        }
        index += 1;
    }
    for scores in scores.chunks_exact_mut(count) {
        for score in scores.iter_mut() {
            *score *= scale;
        }
        softmax(scores);
    }
    out.fill(0.0);
    for first in (0..count).step_by(RUN) {
        let run = RUN.min(count - first);
        let values = &cache.values[start(first)..start(first + run - 1) + head_dim];
        let scores: [&[f32]; H] = from_fn(|head| &scores[head * count + first..][..run]);
        add_values::<L, H>(values, cache.stride, scores, head_dim, out);
    }
}

/// Products of every query with every key.
#[inline(always)]
fn dots<L: Lanes, const H: usize, const T: usize>(
    queries: [&[f32]; H],
    keys: [&[f32]; T],
) -> [[f32; T]; H] {
    let queries = queries.map(L::chunks);
    let keys = keys.map(L::chunks);
    let mut sums = [[L::splat(0.0); T]; H];
    for chunk in 0..keys[0].0.len() {
        // No closures here and below: what they capture would live in memory instead of registers.
        let mut loaded = [L::splat(0.0); T];
        for tile in 0..T {
            loaded[tile] = L::load(&keys[tile].0[chunk]);
        }
        for head in 0..H {
            let query = L::load(&queries[head].0[chunk]);
            for tile in 0..T {
                sums[head][tile] = sums[head][tile].add_product(query, loaded[tile]);
            }
        }
    }
    let mut products = [[0.0; T]; H];
    for head in 0..H {
        for tile in 0..T {
            products[head][tile] = sums[head][tile].sum();
            for (query, key) in queries[head].1.iter().zip(keys[tile].1) {
                products[head][tile] += query * key;
            }
        }
    }
    products
}

/// `out += Σ score · value` over the positions of a run, `stride` apart in `values`.
#[inline(always)]
fn add_values<L: Lanes, const H: usize>(
    values: &[f32],
    stride: usize,
    scores: [&[f32]; H],
    head_dim: usize,
    out: &mut [f32],
) {
    let chunks = head_dim / L::WIDTH;
    let mut chunk = 0;
    while chunk + TILE <= chunks {
        let at = chunk * L::WIDTH;
        add_chunks::<L, H, TILE>(&values[at..], stride, scores, head_dim, &mut out[at..]);
        chunk += TILE;
    }
    while chunk < chunks {
        let at = chunk * L::WIDTH;
        add_chunks::<L, H, 1>(&values[at..], stride, scores, head_dim, &mut out[at..]);
        chunk += 1;
    }
    for (head, scores) in scores.into_iter().enumerate() {
        for at in chunks * L::WIDTH..head_dim {
            for (score, values) in scores.iter().zip(values.chunks(stride)) {
                out[head * head_dim + at] += score * values[at];
            }
        }
    }
}

/// As [`add_values`], for the first `T` registers of every head.
#[inline(always)]
fn add_chunks<L: Lanes, const H: usize, const T: usize>(
    values: &[f32],
    stride: usize,
    scores: [&[f32]; H],
    head_dim: usize,
    out: &mut [f32],
) {
    let mut sums = [[L::splat(0.0); T]; H];
    for index in 0..scores[0].len() {
        let (chunks, _) = L::chunks(&values[index * stride..][..T * L::WIDTH]);
        let mut values = [L::splat(0.0); T];
        for tile in 0..T {
            values[tile] = L::load(&chunks[tile]);
        }
        for head in 0..H {
            let score = L::splat(scores[head][index]);
            for tile in 0..T {
                sums[head][tile] = sums[head][tile].add_product(score, values[tile]);
            }
        }
    }
    for head in 0..H {
        let (chunks, _) = L::chunks_mut(&mut out[head * head_dim..][..T * L::WIDTH]);
        for tile in 0..T {
            let sum = L::load(&chunks[tile]).add(sums[head][tile]);
            sum.store(&mut chunks[tile]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_computed_two_positions() {
        // Two positions of width 4 (two heads of 2); the second head is used.
        let keys = [9.0, 9.0, 1.0, 0.0, 9.0, 9.0, 0.0, 1.0];
        let values = [9.0, 9.0, 10.0, 0.0, 9.0, 9.0, 0.0, 10.0];
        let cache = HeadCache {
            keys: &keys,
            values: &values,
            stride: 4,
            offset: 2,
        };
        let mut out = [0.0; 2];
        // Scores 0 and ln 3: weights 1/4 and 3/4.
        attend::<f32>(cache, &[0.0, 3.0f32.ln()], 2, 0..2, 1.0, &mut out);
        assert!(
            (out[0] - 2.5).abs() < 1e-5 && (out[1] - 7.5).abs() < 1e-5,
            "{out:?}"
        );
        attend::<f32>(cache, &[0.0, 3.0f32.ln()], 2, 1..2, 1.0, &mut out);
        assert!(
            out[0].abs() < 1e-6 && (out[1] - 10.0).abs() < 1e-5,
            "{out:?}"
        );
    }
}
