//! `x · Wᵀ` on packed weights, in single precision.
//!
//! A cube of 64 units computes sixteen output features (one packed group) for a few rows of `x`.
//! Unit number `16 · split + lane` owns output feature `lane` and every fourth block of the input
//! beginning with `split`; the four partial sums meet in shared memory. Nothing depends on the
//! width of a subgroup, and all sizes but the tile are run-time values, so a model needs one
//! pipeline per weight format and tile.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

/// Units of a cube.
pub const UNITS: u32 = 64;
/// Units that share the blocks of one output feature.
const SPLITS: usize = 4;
const LANES: usize = crate::kernels::packed::GROUP;
const BLOCK: usize = crate::kernels::packed::BLOCK;

/// `quants` are 32-bit words `[group][block][word][lane]` (four columns of one row a word), `scales`
/// `[group][block][span][lane]` with `spans` (1 or, with 8 bits, 2) scales a block, `minimums`
/// `[group][block][lane]`, `x` is `[x_rows, 32 · blocks]`, `output` `[x_rows, rows]`.
/// Launched on `(groups, ceil(x_rows / tile))` cubes.
#[cube(launch)]
pub fn quantised_linear(
    quants: &[u32],
    scales: &[f32],
    minimums: &[f32],
    x: &[f32],
    output: &mut [f32],
    rows: u32,
    blocks: u32,
    x_rows: u32,
    zero_point: f32,
    #[comptime] four_bits: bool,
    #[comptime] has_minimums: bool,
    #[comptime] spans: usize,
    #[comptime] tile: usize,
) {
    let rows = rows as usize;
    let blocks = blocks as usize;
    let x_rows = x_rows as usize;
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let split = unit / LANES;
    let group = CUBE_POS_X as usize;
    let first_row = CUBE_POS_Y as usize * tile;
    let cols = blocks * BLOCK;
    let words = comptime!(if four_bits { 4usize } else { 8usize });
    let halves = comptime!(if four_bits { 2usize } else { 1usize });

    // Rows past the end repeat the last one and are not written.
    let mut starts = Array::<usize>::new(tile);
    let mut sums = Array::<f32>::new(tile);
    #[unroll]
    for row in 0..tile {
        starts[row] = usize::min(first_row + row, x_rows - 1) * cols;
        sums[row] = 0.0f32;
    }

    let mut block = split;
    while block < blocks {
        let entry = (group * blocks + block) * (spans * LANES) + lane;
        let first_scale = scales[entry];
        let mut last_scale = first_scale;
        if comptime!(spans > 1) {
            last_scale = scales[entry + LANES];
        }
        let mut minimum = 0.0f32;
        if has_minimums {
            minimum = minimums[(group * blocks + block) * LANES + lane];
        }
        let first_word = (group * blocks + block) * (words * LANES) + lane;
        let first_col = block * BLOCK;
        #[unroll]
        for word in 0..words {
            let packed = quants[first_word + word * LANES];
            let mut scale = first_scale;
            if comptime!(word * spans >= words) {
                scale = last_scale;
            }
            #[unroll]
            for half in 0..halves {
                #[unroll]
                for byte in 0..4usize {
                    let shift = comptime!((byte * 8 + half * 4) as u32);
                    let mask = comptime!(if four_bits { 15u32 } else { 255u32 });
                    let quant = f32::cast_from((packed >> shift) & mask);
                    let mut weight = (quant - zero_point) * scale;
                    if has_minimums {
                        weight += minimum;
                    }
                    let col = first_col + comptime!((word + half * 4) * 4 + byte);
                    #[unroll]
                    for row in 0..tile {
                        sums[row] += weight * x[starts[row] + col];
                    }
                }
            }
        }
        block += SPLITS;
    }

    let mut partial = Shared::<[f32]>::new_slice(comptime!(UNITS as usize * tile));
    #[unroll]
    for row in 0..tile {
        partial[unit * tile + row] = sums[row];
    }
    sync_cube();
    let feature = group * LANES + lane;
    if split == 0 && feature < rows {
        #[unroll]
        for row in 0..tile {
            if first_row + row < x_rows {
                let mut sum = 0.0f32;
                #[unroll]
                for other in 0..SPLITS {
                    sum += partial[(other * LANES + lane) * tile + row];
                }
                output[(first_row + row) * rows + feature] = sum;
            }
        }
    }
}
