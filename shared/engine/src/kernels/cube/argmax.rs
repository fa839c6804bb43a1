//! The most likely token of each row of logits, in two steps: the best of each slice, the best of
//! the slices. Of equals the first counts, as on the processor.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

/// Units of a cube.
pub const UNITS: usize = 64;
/// Below every logit; WGSL has no infinite literal.
const LOWEST: f32 = -3.0e38;

/// `logits` `[rows, width]`; the best of each of `slices` slices of a row to `best` and its index to
/// `tokens`, both `[rows, slices]`. Launched on `(slices, rows)` cubes.
#[cube(launch)]
pub fn best_of_slices(
    logits: &[f32],
    best: &mut [f32],
    tokens: &mut [u32],
    width: u32,
    slices: u32,
) {
    let width = width as usize;
    let slices = slices as usize;
    let slice = CUBE_POS_X as usize;
    let row = CUBE_POS_Y as usize;
    let length = width.div_ceil(slices);
    let end = usize::min((slice + 1) * length, width);
    let mut value = f32::new(LOWEST);
    let mut token = 0u32;
    let mut place = slice * length + UNIT_POS as usize;
    while place < end {
        let candidate = logits[row * width + place];
        if candidate > value {
            value = candidate;
            token = place as u32;
        }
        place += UNITS;
    }
    let mut values = Shared::<[f32]>::new_slice(UNITS);
    let mut places = Shared::<[u32]>::new_slice(UNITS);
    best_of_cube(value, token, &mut values, &mut places);
    if UNIT_POS == 0 {
        best[row * slices + slice] = values[0];
        tokens[row * slices + slice] = places[0];
    }
}

/// `best` and `tokens` as [`best_of_slices`] leaves them; the winner of each row to `winners`.
/// Launched on `rows` cubes.
#[cube(launch)]
pub fn best_of_rows(best: &[f32], tokens: &[u32], winners: &mut [u32], slices: u32) {
    let slices = slices as usize;
    let row = CUBE_POS_X as usize;
    let mut value = f32::new(LOWEST);
    let mut token = 0u32;
    let mut place = UNIT_POS as usize;
    while place < slices {
        let candidate = best[row * slices + place];
        if candidate > value {
            value = candidate;
            token = tokens[row * slices + place];
        }
        place += UNITS;
    }
    let mut values = Shared::<[f32]>::new_slice(UNITS);
    let mut places = Shared::<[u32]>::new_slice(UNITS);
    best_of_cube(value, token, &mut values, &mut places);
    if UNIT_POS == 0 {
        winners[row] = places[0];
    }
}

/// Leaves the largest value of all units and its index at place 0.
#[cube]
fn best_of_cube(value: f32, place: u32, values: &mut Shared<[f32]>, places: &mut Shared<[u32]>) {
    let unit = UNIT_POS as usize;
    values[unit] = value;
    places[unit] = place;
    sync_cube();
    let steps = comptime!(UNITS.ilog2() as usize);
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(UNITS >> (step + 1));
        if unit < reach {
            let other = values[unit + reach];
            let other_place = places[unit + reach];
            if other > values[unit] || (other == values[unit] && other_place < places[unit]) {
                values[unit] = other;
                places[unit] = other_place;
            }
        }
        sync_cube();
    }
}
