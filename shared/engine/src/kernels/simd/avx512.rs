//! AVX-512 with VNNI: one register holds a quad of all sixteen rows of a group.

// One index walks several register arrays in step.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::write_tile;
use crate::kernels::activation::{LOW_SHIFT, QuantisedRows};
use crate::kernels::packed::{Bits, BlockValues, GROUP, PackedMatrix, QUADS, ScaleSpan};

/// Rows of `x` that share each loaded weight; more would spill registers.
const TILE: usize = 8;
const _: () = assert!(LOW_SHIFT == 7);

/// See [`crate::kernels::scalar::group_product`].
///
/// # Safety
/// The processor must have the enabled features; `group` and `x` must fit the matrix (checked by the caller).
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
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
        let done = unsafe {
            match rows - row {
                TILE.. => tile::<TILE>(matrix, group, x, row, out, at),
                4.. => tile::<4>(matrix, group, x, row, out, at),
                2.. => tile::<2>(matrix, group, x, row, out, at),
                _ => tile::<1>(matrix, group, x, row, out, at),
            }
        };
        row += done;
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
unsafe fn tile<const T: usize>(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    first: usize,
    out: &mut [&mut [f32]],
    at: usize,
) -> usize {
    // SAFETY: passed on from the caller.
    unsafe {
        match (matrix.bits, matrix.span) {
            (Bits::Four, _) => tile_bits::<T, false, 1>(matrix, group, x, first, out, at),
            (Bits::Eight, ScaleSpan::Block) => {
                tile_bits::<T, true, 1>(matrix, group, x, first, out, at);
            }
            (Bits::Eight, ScaleSpan::HalfBlock) => {
                tile_bits::<T, true, 2>(matrix, group, x, first, out, at);
            }
        }
    }
    T
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
unsafe fn tile_bits<const T: usize, const EIGHT: bool, const SPANS: usize>(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    first: usize,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let blocks = matrix.blocks();
    let block_bytes = matrix.bits.block_bytes();
    let zero_point = i32::from(matrix.zero_point);
    let low_half = _mm512_set1_epi8(15);
    let mut totals = [_mm512_setzero_ps(); T];
    for span in 0..blocks * SPANS {
        let (block, part) = (span / SPANS, span % SPANS);
        let position = group * blocks + block;
        let factors = (group * blocks * SPANS + span) * GROUP;
        let mut high = [_mm512_setzero_si512(); T];
        let mut low = [_mm512_setzero_si512(); T];
        for (t, low) in low.iter_mut().enumerate() {
            *low = _mm512_set1_epi32(-zero_point * x.sum::<SPANS>(first + t, block, part));
        }
        // SAFETY: block `position` lies in the matrix; each row of `x` has 64 bytes for it.
        unsafe {
            let weights = matrix.quants.as_ptr().add(position * block_bytes);
            let mut inputs = [x.quants.as_ptr().cast::<i32>(); T];
            for (t, input) in inputs.iter_mut().enumerate() {
                *input = x
                    .quants
                    .as_ptr()
                    .add(x.block_start(first + t, block))
                    .cast();
            }
            // A macro, not a closure: captured arrays would live in memory instead of registers.
            macro_rules! multiply {
                ($weights:expr, $quad:expr) => {
                    let (weights, quad) = ($weights, $quad);
                    for t in 0..T {
                        let input = _mm512_set1_epi32(inputs[t].add(quad).read_unaligned());
                        high[t] = _mm512_dpbusd_epi32(high[t], weights, input);
                        let input = _mm512_set1_epi32(inputs[t].add(QUADS + quad).read_unaligned());
                        low[t] = _mm512_dpbusd_epi32(low[t], weights, input);
                    }
                };
            }
            if EIGHT {
                for quad in 0..QUADS / SPANS {
                    let quad = part * (QUADS / SPANS) + quad;
                    multiply!(_mm512_loadu_si512(weights.add(quad * 64).cast()), quad);
                }
            } else {
                for pair in 0..QUADS / 2 {
                    let both = _mm512_loadu_si512(weights.add(pair * 64).cast());
                    multiply!(_mm512_and_si512(both, low_half), pair);
                    multiply!(
                        _mm512_and_si512(_mm512_srli_epi16::<4>(both), low_half),
                        pair + QUADS / 2
                    );
                }
            }
        }
        // SAFETY: sixteen values follow `factors`.
        let scales = unsafe { load(&matrix.scales, factors) };
        for t in 0..T {
            let step = _mm512_set1_ps(x.scales[(first + t) * blocks + block]);
            let dots = _mm512_add_epi32(_mm512_slli_epi32::<LOW_SHIFT>(high[t]), low[t]);
            totals[t] = _mm512_fmadd_ps(
                _mm512_cvtepi32_ps(dots),
                _mm512_mul_ps(scales, step),
                totals[t],
            );
        }
        if let Some(minimums) = &matrix.minimums {
            // SAFETY: as above.
            let minimums = unsafe { load(minimums, factors) };
            for t in 0..T {
                let step = x.scales[(first + t) * blocks + block];
                let sum = x.sum::<SPANS>(first + t, block, part);
                let factor = _mm512_set1_ps(step * sum as f32);
                totals[t] = _mm512_fmadd_ps(minimums, factor, totals[t]);
            }
        }
    }
    for (t, total) in totals.into_iter().enumerate() {
        let mut tile = [0.0; GROUP];
        // SAFETY: the tile has sixteen values.
        unsafe { _mm512_storeu_ps(tile.as_mut_ptr(), total) };
        write_tile(&tile, out[first + t], at);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")]
unsafe fn load(values: &BlockValues, index: usize) -> __m512 {
    // SAFETY: the caller guarantees sixteen values from `index`.
    unsafe {
        match values {
            BlockValues::Half(values) => {
                _mm512_cvtph_ps(_mm256_loadu_si256(values.as_ptr().add(index).cast()))
            }
            BlockValues::Single(values) => _mm512_loadu_ps(values.as_ptr().add(index)),
        }
    }
}
