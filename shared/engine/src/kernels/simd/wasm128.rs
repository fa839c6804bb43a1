//! WebAssembly's 128-bit vectors: four registers hold a quad of the sixteen rows of a group.

use std::arch::wasm32::*;

use super::write_tile;
use crate::kernels::activation::{LOW_SHIFT, QuantisedRows};
use crate::kernels::packed::{BLOCK, Bits, GROUP, PackedMatrix, QUADS, ScaleSpan};

/// Registers that hold one quad of a group.
const PARTS: usize = GROUP / 4;

/// See [`crate::kernels::scalar::group_product`].
pub fn group_product(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    match matrix.span {
        ScaleSpan::Block => spans_product::<1>(matrix, group, x, out, at),
        ScaleSpan::HalfBlock => spans_product::<2>(matrix, group, x, out, at),
    }
}

fn spans_product<const SPANS: usize>(
    matrix: &PackedMatrix,
    group: usize,
    x: &QuantisedRows,
    out: &mut [&mut [f32]],
    at: usize,
) {
    let blocks = matrix.blocks();
    let block_bytes = matrix.bits.block_bytes();
    let zero_point = i32::from(matrix.zero_point);
    for (row, out) in out.iter_mut().enumerate() {
        let mut totals = [f32x4_splat(0.0); PARTS];
        for span in 0..blocks * SPANS {
            let (block, half) = (span / SPANS, span % SPANS);
            let position = group * blocks + block;
            let weights = &matrix.quants[position * block_bytes..(position + 1) * block_bytes];
            let (high, low) = x.quants[x.block_start(row, block)..][..2 * BLOCK].split_at(BLOCK);
            let mut sums = [[Sums::new(); 2]; PARTS];
            match matrix.bits {
                Bits::Eight => {
                    for quad in 0..QUADS / SPANS {
                        let quad = half * (QUADS / SPANS) + quad;
                        let (high, low) = (broadcast(high, quad), broadcast(low, quad));
                        for (part, [high_sums, low_sums]) in sums.iter_mut().enumerate() {
                            let weights = load(weights, quad * 64 + part * 16);
                            high_sums.add(weights, high);
                            low_sums.add(weights, low);
                        }
                    }
                }
                Bits::Four => {
                    for pair in 0..QUADS / 2 {
                        let other = pair + QUADS / 2;
                        let inputs =
                            [high, low].map(|part| (broadcast(part, pair), broadcast(part, other)));
                        for (part, sums) in sums.iter_mut().enumerate() {
                            let both = load(weights, pair * 64 + part * 16);
                            let halves = (v128_and(both, u8x16_splat(15)), u8x16_shr(both, 4));
                            for (sums, inputs) in sums.iter_mut().zip(inputs) {
                                sums.add(halves.0, inputs.0);
                                sums.add(halves.1, inputs.1);
                            }
                        }
                    }
                }
            }
            let (step, sum) = (
                x.scales[row * blocks + block],
                x.sum::<SPANS>(row, block, half),
            );
            let correction = i32x4_splat(-zero_point * sum);
            for (part, total) in totals.iter_mut().enumerate() {
                let first = (group * blocks * SPANS + span) * GROUP + part * 4;
                let [high, low] = sums[part].map(Sums::rows);
                let dots = i32x4_add(i32x4_shl(high, LOW_SHIFT), i32x4_add(low, correction));
                let dots = f32x4_convert_i32x4(dots);
                let four = |values: &crate::kernels::packed::BlockValues| {
                    f32x4(
                        values.get(first),
                        values.get(first + 1),
                        values.get(first + 2),
                        values.get(first + 3),
                    )
                };
                let scales = f32x4_mul(four(&matrix.scales), f32x4_splat(step));
                *total = f32x4_add(*total, f32x4_mul(dots, scales));
                if let Some(minimums) = &matrix.minimums {
                    let factor = f32x4_splat(step * sum as f32);
                    *total = f32x4_add(*total, f32x4_mul(four(minimums), factor));
                }
            }
        }
        let mut tile = [0.0; GROUP];
        for (total, tile) in totals.into_iter().zip(tile.as_chunks_mut::<4>().0) {
            *tile = [
                f32x4_extract_lane::<0>(total),
                f32x4_extract_lane::<1>(total),
                f32x4_extract_lane::<2>(total),
                f32x4_extract_lane::<3>(total),
            ];
        }
        write_tile(&tile, out, at);
    }
}

/// Half sums of four rows: two lanes a row.
#[derive(Clone, Copy)]
struct Sums {
    low: v128,
    high: v128,
}

impl Sums {
    fn new() -> Self {
        Self {
            low: i32x4_splat(0),
            high: i32x4_splat(0),
        }
    }

    #[inline(always)]
    fn add(&mut self, weights: v128, input: v128) {
        self.low = i32x4_add(
            self.low,
            i32x4_dot_i16x8(u16x8_extend_low_u8x16(weights), input),
        );
        self.high = i32x4_add(
            self.high,
            i32x4_dot_i16x8(u16x8_extend_high_u8x16(weights), input),
        );
    }

    #[inline(always)]
    fn rows(self) -> v128 {
        i32x4_add(
            i32x4_shuffle::<0, 2, 4, 6>(self.low, self.high),
            i32x4_shuffle::<1, 3, 5, 7>(self.low, self.high),
        )
    }
}

/// One quad of the input, twice, as 16-bit integers.
#[inline(always)]
fn broadcast(input: &[i8], quad: usize) -> v128 {
    let quad = &input[quad * 4..quad * 4 + 4];
    let [a, b, c, d] = [quad[0], quad[1], quad[2], quad[3]].map(i16::from);
    i16x8(a, b, c, d, a, b, c, d)
}

/// Sixteen bytes; the two halves are composed, which compiles to one load without `unsafe`.
#[inline(always)]
fn load(bytes: &[u8], at: usize) -> v128 {
    let half = |at: usize| {
        let bytes = &bytes[at..at + 8];
        i64::from_le_bytes([
            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
        ])
    };
    i64x2(half(at), half(at + 8))
}
