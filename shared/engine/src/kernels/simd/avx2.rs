//! AVX2: two registers hold a quad of the sixteen rows of a group.

// One index walks several register arrays in step.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::write_tile;
use crate::kernels::activation::{LOW_SHIFT, QuantisedRows};
use crate::kernels::packed::{Bits, BlockValues, GROUP, PackedMatrix, QUADS, ScaleSpan};

/// See [`crate::kernels::scalar::group_product`].
///
/// # Safety
/// The processor must have the enabled features; `group` and `x` must fit the matrix (checked by the caller).
#[target_feature(enable = "avx2,fma,f16c")]
pub unsafe fn group_product(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let rows = x.rows();
    let mut row = 0;
    while row < rows {
        // SAFETY: the tile's rows lie in `x`.
        unsafe {
            let halves = matrix.span == ScaleSpan::HalfBlock;
            match (rows - row, halves) {
                (2.., false) => tile::<2, 1>(matrix, group, x, row, out, at),
                (2.., true) => tile::<2, 2>(matrix, group, x, row, out, at),
                (_, false) => tile::<1, 1>(matrix, group, x, row, out, at),
                (_, true) => tile::<1, 2>(matrix, group, x, row, out, at),
            }
        }
        row += 2;
    }
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn tile<const T: usize, const SPANS: usize>(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    first: usize,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let blocks = matrix.blocks();
    let block_bytes = matrix.bits.block_bytes();
    let eight = matrix.bits == Bits::Eight;
    // 8-bit weights are made signed below, which takes their zero point (128) away; another one would remain.
    let zero_point = i32::from(matrix.zero_point) - if eight { 128 } else { 0 };
    let ones = _mm256_set1_epi16(1);
    let low_half = _mm256_set1_epi8(15);
    let sign_bit = _mm256_set1_epi8(-128);
    let mut totals = [[_mm256_setzero_ps(); 2]; T];
    for span in 0..blocks * SPANS {
        let (block, part) = (span / SPANS, span % SPANS);
        let position = group * blocks + block;
        let factors = (group * blocks * SPANS + span) * GROUP;
        let mut high = [[_mm256_setzero_si256(); 2]; T];
        let mut low: [[__m256i; 2]; T] = std::array::from_fn(|t| {
            [_mm256_set1_epi32(-zero_point * x.sum::<SPANS>(first + t, block, part)); 2]
        });
        // SAFETY: block `position` lies in the matrix; each row of `x` has 64 bytes for it.
        unsafe {
            let weights = matrix.quants.as_ptr().add(position * block_bytes);
            let input = |t: usize, quad: usize| {
                let quads = x
                    .quants
                    .as_ptr()
                    .add(x.block_start(first + t, block))
                    .cast::<i32>();
                _mm256_set1_epi32(quads.add(quad).read_unaligned())
            };
            let add = |sum: &mut __m256i, pairs: __m256i| {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            };
            if eight {
                for quad in 0..QUADS / SPANS {
                    let quad = part * (QUADS / SPANS) + quad;
                    for side in 0..2 {
                        let raw = _mm256_loadu_si256(weights.add(quad * 64 + side * 32).cast());
                        let weights = _mm256_xor_si256(raw, sign_bit);
                        let magnitudes = _mm256_abs_epi8(weights);
                        // |w| ≤ 128 and |x| ≤ 127: pairs stay below 2¹⁵, nothing saturates.
                        let product = |input: __m256i| {
                            _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(input, weights))
                        };
                        for t in 0..T {
                            add(&mut high[t][side], product(input(t, quad)));
                            add(&mut low[t][side], product(input(t, QUADS + quad)));
                        }
                    }
                }
            } else {
                for pair in 0..QUADS / 2 {
                    for side in 0..2 {
                        let both = _mm256_loadu_si256(weights.add(pair * 64 + side * 32).cast());
                        let first_half = _mm256_and_si256(both, low_half);
                        let second_half = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low_half);
                        let product = |first: __m256i, second: __m256i| {
                            _mm256_add_epi16(
                                _mm256_maddubs_epi16(first_half, first),
                                _mm256_maddubs_epi16(second_half, second),
                            )
                        };
                        for t in 0..T {
                            let other = pair + QUADS / 2;
                            add(&mut high[t][side], product(input(t, pair), input(t, other)));
                            add(
                                &mut low[t][side],
                                product(input(t, QUADS + pair), input(t, QUADS + other)),
                            );
                        }
                    }
                }
            }
        }
        for side in 0..2 {
            // SAFETY: eight values follow.
            let scales = unsafe { load(&matrix.scales, factors + side * 8) };
            for t in 0..T {
                let step = _mm256_set1_ps(x.scales[(first + t) * blocks + block]);
                let dots = _mm256_add_epi32(
                    _mm256_slli_epi32::<{ LOW_SHIFT as i32 }>(high[t][side]),
                    low[t][side],
                );
                totals[t][side] = _mm256_fmadd_ps(
                    _mm256_cvtepi32_ps(dots),
                    _mm256_mul_ps(scales, step),
                    totals[t][side],
                );
            }
            if let Some(minimums) = &matrix.minimums {
                // SAFETY: as above.
                let minimums = unsafe { load(minimums, factors + side * 8) };
                for t in 0..T {
                    let step = x.scales[(first + t) * blocks + block];
                    let sum = x.sum::<SPANS>(first + t, block, part);
                    let factor = _mm256_set1_ps(step * sum as f32);
                    totals[t][side] = _mm256_fmadd_ps(minimums, factor, totals[t][side]);
                }
            }
        }
    }
    for (t, total) in totals.into_iter().enumerate() {
        let mut tile = [0.0; GROUP];
        for (side, total) in total.into_iter().enumerate() {
            // SAFETY: the tile has two sides of eight values.
            unsafe { _mm256_storeu_ps(tile.as_mut_ptr().add(side * 8), total) };
        }
        write_tile(&tile, out[first + t], at);
    }
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn load(values: &BlockValues, index: usize) -> __m256 {
    // SAFETY: the caller guarantees eight values from `index`.
    unsafe {
        match values {
            BlockValues::Half(values) => {
                _mm256_cvtph_ps(_mm_loadu_si128(values.as_ptr().add(index).cast()))
            }
            BlockValues::Single(values) => _mm256_loadu_ps(values.as_ptr().add(index)),
        }
    }
}
