//! Reading a weight stack inside a kernel: descriptors, scales and minimums of a group.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

/// Words that describe one group of sixteen rows at the head of a weight stack:
/// first word of its integers, of its scales, of its minimums; [`flags`](self) and zero point;
/// the first output feature and how many of the sixteen rows exist.
pub const DESCRIPTOR: usize = 6;
/// Flag: two weights a byte.
pub const FOUR_BITS: u32 = 1;
/// Flag: there are minimums.
pub const MINIMUMS: u32 = 2;
/// Flag: scales are half precision, two a word.
pub const HALF_SCALES: u32 = 4;
/// Flag: so are minimums.
pub const HALF_MINIMUMS: u32 = 8;
/// Flag: each half of a block has a scale of its own.
pub const HALF_BLOCKS: u32 = 16;
/// Where the zero point stands above the flags.
pub const ZERO_POINT_SHIFT: u32 = 8;

/// Value number `index` of an array of numbers that begins at word `start`.
#[cube]
pub fn stored_value(weights: &[u32], start: usize, index: usize, half: bool) -> f32 {
    if half {
        let word = weights[start + index / 2];
        let shift = (index % 2) as u32 * 16;
        half_to_single((word >> shift) & 0xffff)
    } else {
        f32::reinterpret(weights[start + index])
    }
}

/// Exact, without 16-bit arithmetic and without single-precision subnormals, which GPUs may flush.
#[cube]
fn half_to_single(bits: u32) -> f32 {
    let magnitude = bits & 0x7fff;
    let sign = (bits & 0x8000) << 16;
    let normal = (magnitude << 13) + 0x3800_0000;
    let subnormal = u32::reinterpret(f32::cast_from(magnitude) * 5.960_464_5e-8f32);
    f32::reinterpret(sign | select(magnitude < 0x400, subnormal, normal))
}
