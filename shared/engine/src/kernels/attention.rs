//! Attention of one position over a key/value cache.

use super::vector::{add_scaled, dot, softmax};

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

/// `out = softmax(scale · q·Kᵀ) · V` over positions `start..end`, for every query head that reads
/// this key/value head. `queries` and `out` hold whole heads of `head_dim` values.
#[inline(always)]
pub fn attend(
    cache: HeadCache<'_>,
    queries: &[f32],
    head_dim: usize,
    positions: std::ops::Range<usize>,
    scale: f32,
    out: &mut [f32],
) {
    let count = positions.len();
    let heads = queries.len() / head_dim;
    let mut scores = vec![0.0f32; heads * count];
    for (index, position) in positions.clone().enumerate() {
        let start = position * cache.stride + cache.offset;
        let key = &cache.keys[start..start + head_dim];
        for (head, query) in queries.chunks_exact(head_dim).enumerate() {
            scores[head * count + index] = dot(query, key) * scale;
        }
    }
    for scores in scores.chunks_exact_mut(count) {
        softmax(scores);
    }
    out.fill(0.0);
    for (index, position) in positions.enumerate() {
        let start = position * cache.stride + cache.offset;
        let value = &cache.values[start..start + head_dim];
        for (head, out) in out.chunks_exact_mut(head_dim).enumerate() {
            add_scaled(out, value, scores[head * count + index]);
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
        attend(cache, &[0.0, 3.0f32.ln()], 2, 0..2, 1.0, &mut out);
        assert!(
            (out[0] - 2.5).abs() < 1e-5 && (out[1] - 7.5).abs() < 1e-5,
            "{out:?}"
        );
        attend(cache, &[0.0, 3.0f32.ln()], 2, 1..2, 1.0, &mut out);
        assert!(
            out[0].abs() < 1e-6 && (out[1] - 10.0).abs() < 1e-5,
            "{out:?}"
        );
    }
}
