//! `x · Wᵀ` on a stack of packed weights, in single precision, with what comes before and after it.
//!
//! A cube of 64 units computes sixteen output features (one packed group) for a few rows of `x`.
//! Unit number `16 · split + lane` owns output feature `lane` and every fourth block of the input
//! beginning with `split`; the four partial sums meet in shared memory. Nothing depends on the
//! width of a subgroup, and all sizes but the tile are run-time values; the weight format is read
//! from the group's descriptor, so that one dispatch may run over matrices of several formats.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

use super::reduce::sum_of_cube;
use super::unpack::*;

/// Units of a cube.
pub const UNITS: usize = 64;
/// Units that share the blocks of one output feature.
const SPLITS: usize = 4;
const LANES: usize = crate::kernels::packed::GROUP;
const QUADS: usize = crate::kernels::packed::QUADS;
/// Four neighbouring columns.
type Quad = Vector<f32, Const<4>>;

/// What happens to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finish {
    /// It is the output.
    Store,
    /// It is added to the output.
    Add,
    /// The first half of the stack is a gate: `gelu(gate) · rest` (tanh approximation).
    GateGelu,
    /// As before, with `silu`.
    GateSilu,
}

/// What is fixed when a pipeline is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Form {
    /// Rows of `x` pass an RMS norm first.
    pub normed: bool,
    /// Rows of `x` are chosen by `picked`.
    pub picked: bool,
    /// What happens to the product.
    pub finish: Finish,
    /// Rows of `x` that one cube takes: weights are then read once for all of them.
    pub tile: usize,
}

/// `weights` is a stack ([`super::WeightStack`]), `x` `[rows, 32 · blocks]`, `norm` `[32 · blocks]`
/// (one quad where nothing is normed), `picked` `[x_rows]` row numbers (one where rows are taken in
/// order), `output` `[x_rows, width]`. `second` is the first group of the stack's second half.
/// Launched on `(groups of output, ceil(x_rows / tile))` cubes.
#[cube(launch)]
pub fn stacked_linear(
    weights: &[u32],
    x: &[Quad],
    norm: &[Quad],
    picked: &[u32],
    output: &mut [f32],
    blocks: u32,
    x_rows: u32,
    width: u32,
    second: u32,
    epsilon: f32,
    #[comptime] form: Form,
) {
    let tile = comptime!(form.tile);
    let gated = comptime!(matches!(form.finish, Finish::GateGelu | Finish::GateSilu));
    let blocks = blocks as usize;
    let x_rows = x_rows as usize;
    let unit = UNIT_POS as usize;
    let lane = unit % LANES;
    let split = unit / LANES;
    let group = CUBE_POS_X as usize;
    let first_row = CUBE_POS_Y as usize * tile;
    let quads = blocks * QUADS;

    // Rows past the end repeat the last one and are not written.
    let mut starts = Array::<usize>::new(tile);
    #[unroll]
    for row in 0..tile {
        let mut from = usize::min(first_row + row, x_rows - 1);
        if comptime!(form.picked) {
            from = picked[from] as usize;
        }
        starts[row] = from * quads;
    }
    let mut factors = Array::<f32>::new(tile);
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    #[unroll]
    for row in 0..tile {
        factors[row] = 1.0f32;
        if comptime!(form.normed) {
            let mut squares = 0.0f32;
            let mut quad = unit;
            while quad < quads {
                let value = x[starts[row] + quad];
                #[unroll]
                for column in 0..4usize {
                    squares += value.extract(column) * value.extract(column);
                }
                quad += UNITS;
            }
            let total = sum_of_cube(squares, &mut shared, UNITS);
            factors[row] = 1.0f32 / (total / (quads * 4) as f32 + epsilon).sqrt();
        }
    }

    let mut sums = Array::<f32>::new(tile);
    group_product(
        weights, x, norm, &starts, &mut sums, group, blocks, split, lane, form,
    );
    let mut partial = Shared::<[f32]>::new_slice(comptime!(UNITS * tile));
    let mut partial_second = Shared::<[f32]>::new_slice(comptime!(UNITS * tile));
    #[unroll]
    for row in 0..tile {
        partial[unit * tile + row] = sums[row];
    }
    if gated {
        let other = group + second as usize;
        group_product(
            weights, x, norm, &starts, &mut sums, other, blocks, split, lane, form,
        );
        #[unroll]
        for row in 0..tile {
            partial_second[unit * tile + row] = sums[row];
        }
    }
    sync_cube();
    let feature = weights[group * DESCRIPTOR + 4] as usize + lane;
    if split == 0 && lane < weights[group * DESCRIPTOR + 5] as usize {
        #[unroll]
        for row in 0..tile {
            if first_row + row < x_rows {
                let place = (first_row + row) * width as usize + feature;
                let product = total_of_splits(&partial, lane, row, tile) * factors[row];
                if gated {
                    let up = total_of_splits(&partial_second, lane, row, tile) * factors[row];
                    output[place] = activated(product, comptime!(form.finish)) * up;
                } else if comptime!(matches!(form.finish, Finish::Add)) {
                    output[place] += product;
                } else {
                    output[place] = product;
                }
            }
        }
    }
}

/// What `split` finds of the products of row `lane` of a group with a tile of rows of `x`.
#[cube]
fn group_product(
    weights: &[u32],
    x: &[Quad],
    norm: &[Quad],
    starts: &Array<usize>,
    sums: &mut Array<f32>,
    group: usize,
    blocks: usize,
    split: usize,
    lane: usize,
    #[comptime] form: Form,
) {
    let tile = comptime!(form.tile);
    #[unroll]
    for row in 0..tile {
        sums[row] = 0.0f32;
    }
    let descriptor = group * DESCRIPTOR;
    let quants = weights[descriptor] as usize;
    let scales = weights[descriptor + 1] as usize;
    let minimums = weights[descriptor + 2] as usize;
    let flags = weights[descriptor + 3];
    let zero_point = f32::cast_from(flags >> ZERO_POINT_SHIFT);
    let four_bits = flags & FOUR_BITS != 0;
    let mut block = split;
    while block < blocks {
        let entry = block * LANES + lane;
        let half = flags & HALF_SCALES != 0;
        let mut first = entry;
        let mut second = entry;
        if flags & HALF_BLOCKS != 0 {
            first += block * LANES;
            second += (block + 1) * LANES;
        }
        let low = stored_value(weights, scales, first, half);
        let high = stored_value(weights, scales, second, half);
        let mut minimum = 0.0f32;
        if flags & MINIMUMS != 0 {
            minimum = stored_value(weights, minimums, entry, flags & HALF_MINIMUMS != 0);
        }
        let first_quad = block * QUADS;
        if four_bits {
            #[unroll]
            for word in 0..4usize {
                let packed = weights[quants + (block * 4 + word) * LANES + lane];
                let place = first_quad + word;
                quad_product(
                    x, norm, starts, sums, packed, place, 15u32, low, zero_point, minimum, form,
                );
                let place = first_quad + word + 4;
                quad_product(
                    x,
                    norm,
                    starts,
                    sums,
                    packed >> 4,
                    place,
                    15u32,
                    high,
                    zero_point,
                    minimum,
                    form,
                );
            }
        } else {
            #[unroll]
            for word in 0..8usize {
                let packed = weights[quants + (block * 8 + word) * LANES + lane];
                let scale = if comptime!(word < 4) { low } else { high };
                let place = first_quad + word;
                quad_product(
                    x, norm, starts, sums, packed, place, 255u32, scale, zero_point, minimum, form,
                );
            }
        }
        block += SPLITS;
    }
}

/// One word of weights against one quad of each row of the tile.
#[cube]
fn quad_product(
    x: &[Quad],
    norm: &[Quad],
    starts: &Array<usize>,
    sums: &mut Array<f32>,
    packed: u32,
    quad: usize,
    #[comptime] mask: u32,
    scale: f32,
    zero_point: f32,
    minimum: f32,
    #[comptime] form: Form,
) {
    let tile = comptime!(form.tile);
    let mut values = Array::<f32>::new(4usize);
    #[unroll]
    for column in 0..4usize {
        let quant = f32::cast_from((packed >> comptime!(column as u32 * 8)) & mask);
        values[column] = (quant - zero_point) * scale + minimum;
    }
    if comptime!(form.normed) {
        let norm = norm[quad];
        #[unroll]
        for column in 0..4usize {
            values[column] *= norm.extract(column);
        }
    }
    #[unroll]
    for row in 0..tile {
        let x = x[starts[row] + quad];
        #[unroll]
        for column in 0..4usize {
            sums[row] += values[column] * x.extract(column);
        }
    }
}

#[cube]
fn total_of_splits(
    partial: &Shared<[f32]>,
    lane: usize,
    #[comptime] row: usize,
    #[comptime] tile: usize,
) -> f32 {
    let mut sum = 0.0f32;
    #[unroll]
    for split in 0..SPLITS {
        sum += partial[(split * LANES + lane) * tile + row];
    }
    sum
}

/// `x/2 · (1 + tanh(y)) = x / (1 + exp(−2y))`, `y = √(2/π)(x + 0.044715 x³)`, or `x · sigmoid(x)`.
#[cube]
fn activated(x: f32, #[comptime] finish: Finish) -> f32 {
    let mut inner = x;
    if comptime!(matches!(finish, Finish::GateGelu)) {
        inner = 1.595_769f32 * (x + 0.044_715f32 * x * x * x);
    }
    x / (1.0f32 + (-inner).exp())
}
