//! WebAssembly's 128-bit vectors: four registers hold a quad of the sixteen rows of a group.
//!
//! The widest integer product here is 16 bits, into which an activation fits whole: its two bytes
//! are put together first, and one product does what takes two on eight-bit hardware.

// One index walks several register arrays in step.
#![allow(clippy::needless_range_loop)]

use std::arch::wasm32::*;

use super::write_tile;
use crate::kernels::activation::{LOW_SHIFT, QuantisedRows};
use crate::kernels::packed::{BLOCK, Bits, BlockValues, GROUP, PackedMatrix, QUADS, ScaleSpan};

/// Registers that hold one quad of a group.
const PARTS: usize = GROUP / 4;
/// Rows of `x` that share each loaded weight; more would spill registers.
const TILE: usize = 4;

/// See [`crate::kernels::scalar::group_product`].
///
/// # Safety
/// `group` and `x` must fit the matrix (checked by the caller).
pub unsafe fn group_product(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let mut row = 0;
    while row < x.rows() {
        // SAFETY: the tile's rows lie in `x`.
        row += unsafe {
            match x.rows() - row {
                TILE.. => tile::<TILE>(matrix, group, x, row, out, at),
                2.. => tile::<2>(matrix, group, x, row, out, at),
                _ => tile::<1>(matrix, group, x, row, out, at),
            }
        };
    }
}

#[inline]
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
    let low_half = u8x16_splat(15);
    let mut totals = [[f32x4_splat(0.0); PARTS]; T];
    let mut input = [[0i16; BLOCK]; T];
    for span in 0..blocks * SPANS {
        let (block, half) = (span / SPANS, span % SPANS);
        let position = group * blocks + block;
        let factors = (group * blocks * SPANS + span) * GROUP;
        if half == 0 {
            for (t, input) in input.iter_mut().enumerate() {
                let bytes = &x.quants[x.block_start(first + t, block)..][..2 * BLOCK];
                join(bytes, input);
            }
        }
        for part in 0..PARTS {
            // Each row of the group has two lanes; lanes of the upper two rows are in `upper`.
            let mut lower = [i32x4_splat(0); T];
            let mut upper = [i32x4_splat(0); T];
            // A macro, not a closure: captured arrays would live in memory instead of registers.
            macro_rules! multiply {
                ($weights:expr, $quad:expr) => {
                    let (weights, quad) = ($weights, $quad);
                    let first = u16x8_extend_low_u8x16(weights);
                    let second = u16x8_extend_high_u8x16(weights);
                    for t in 0..T {
                        let input = v128_load64_splat(input[t].as_ptr().add(quad * 4).cast());
                        lower[t] = i32x4_add(lower[t], i32x4_dot_i16x8(first, input));
                        upper[t] = i32x4_add(upper[t], i32x4_dot_i16x8(second, input));
                    }
                };
            }
            // SAFETY: block `position` lies in the matrix, a quad in the 32 numbers of the input.
            unsafe {
                let weights = matrix
                    .quants
                    .as_ptr()
                    .add(position * block_bytes + part * 16);
                if EIGHT {
                    for quad in 0..QUADS / SPANS {
                        let quad = half * (QUADS / SPANS) + quad;
                        multiply!(v128_load(weights.add(quad * 64).cast()), quad);
                    }
                } else {
                    for pair in 0..QUADS / 2 {
                        let both = v128_load(weights.add(pair * 64).cast());
                        multiply!(v128_and(both, low_half), pair);
                        multiply!(u8x16_shr(both, 4), pair + QUADS / 2);
                    }
                }
            }
            // SAFETY: sixteen values follow `factors`.
            let scales = unsafe { load(&matrix.scales, factors + part * 4) };
            let minimums = matrix
                .minimums
                .as_ref()
                // SAFETY: as above.
                .map(|minimums| unsafe { load(minimums, factors + part * 4) });
            for t in 0..T {
                let step = x.scales[(first + t) * blocks + block];
                let sum = x.sum::<SPANS>(first + t, block, half);
                let dots = i32x4_add(
                    i32x4_shuffle::<0, 2, 4, 6>(lower[t], upper[t]),
                    i32x4_shuffle::<1, 3, 5, 7>(lower[t], upper[t]),
                );
                let dots = i32x4_sub(dots, i32x4_splat(zero_point * sum));
                let product = f32x4_mul(f32x4_convert_i32x4(dots), scales);
                let mut total = f32x4_add(totals[t][part], f32x4_mul(product, f32x4_splat(step)));
                if let Some(minimums) = minimums {
                    let factor = f32x4_splat(step * sum as f32);
                    total = f32x4_add(total, f32x4_mul(minimums, factor));
                }
                totals[t][part] = total;
            }
        }
    }
    for (t, totals) in totals.into_iter().enumerate() {
        let mut tile = [0.0; GROUP];
        for (total, tile) in totals.into_iter().zip(tile.as_chunks_mut::<4>().0) {
            // SAFETY: four values each.
            unsafe { v128_store(tile.as_mut_ptr().cast(), total) };
        }
        write_tile(&tile, out[first + t], at);
    }
}

/// Both bytes of every activation of a block, put together.
#[inline(always)]
fn join(bytes: &[i8], values: &mut [i16; BLOCK]) {
    let (high, low) = bytes.split_at(BLOCK);
    for ((value, high), low) in values.iter_mut().zip(high).zip(low) {
        *value = (i16::from(*high) << LOW_SHIFT) + i16::from(*low);
    }
}

#[inline]
unsafe fn load(values: &BlockValues, index: usize) -> v128 {
    // SAFETY: the caller guarantees four values from `index`.
    unsafe {
        match values {
            BlockValues::Single(values) => v128_load(values.as_ptr().add(index).cast()),
            BlockValues::Half(values) => {
                let bits = u32x4_load_extend_u16x4(values.as_ptr().add(index).cast());
                let sign = u32x4_shl(v128_and(bits, u32x4_splat(0x8000)), 16);
                // Exponent and mantissa in the places of single precision; the product moves the
                // exponent from one bias to the other, and is right for subnormal numbers too.
                let size = u32x4_shl(v128_and(bits, u32x4_splat(0x7fff)), 13);
                const BIAS: f32 = f32::from_bits((127 + 112) << 23);
                v128_or(sign, f32x4_mul(size, f32x4_splat(BIAS)))
            }
        }
    }
}
