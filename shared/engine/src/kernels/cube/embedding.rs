//! Rows of a packed embedding.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

use super::unpack::*;

/// Units of a cube.
pub const UNITS: usize = 64;
const LANES: usize = crate::kernels::packed::GROUP;
const BLOCK: usize = crate::kernels::packed::BLOCK;

/// `output[row] = factor · table[tokens[row]]`, `[rows, 32 · blocks]`. `table` is a stack of one
/// matrix. Launched on `rows` cubes.
#[cube(launch)]
pub fn embed_tokens(table: &[u32], tokens: &[u32], output: &mut [f32], blocks: u32, factor: f32) {
    let cols = blocks as usize * BLOCK;
    let row = CUBE_POS_X as usize;
    let token = tokens[row] as usize;
    let lane = token % LANES;
    let descriptor = token / LANES * DESCRIPTOR;
    let quants = table[descriptor] as usize;
    let scales = table[descriptor + 1] as usize;
    let minimums = table[descriptor + 2] as usize;
    let flags = table[descriptor + 3];
    let zero_point = f32::cast_from(flags >> ZERO_POINT_SHIFT);
    let mut col = UNIT_POS as usize;
    while col < cols {
        let block = col / BLOCK;
        let quad = col % BLOCK / 4;
        let byte = (col % 4) as u32 * 8;
        let quant = if flags & FOUR_BITS != 0 {
            let word = table[quants + (block * 4 + quad % 4) * LANES + lane];
            (word >> (byte + (quad / 4) as u32 * 4)) & 15
        } else {
            (table[quants + (block * 8 + quad) * LANES + lane] >> byte) & 255
        };
        let mut entry = block * LANES + lane;
        if flags & HALF_BLOCKS != 0 {
            entry = (block * 2 + quad / 4) * LANES + lane;
        }
        let scale = stored_value(table, scales, entry, flags & HALF_SCALES != 0);
        let mut minimum = 0.0f32;
        if flags & MINIMUMS != 0 {
            minimum = stored_value(table, minimums, entry, flags & HALF_MINIMUMS != 0);
        }
        let value = (f32::cast_from(quant) - zero_point) * scale + minimum;
        output[row * cols + col] = value * factor;
        col += UNITS;
    }
}
