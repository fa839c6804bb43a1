//! A branch joins the residual stream through an RMS norm.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

use super::reduce::sum_of_cube;

/// Units of a cube.
pub const UNITS: usize = 256;

/// `residual[row] += rms_norm(branch[row]) · norm`, rows of `width`. Launched on `rows` cubes.
#[cube(launch)]
pub fn join_normed(residual: &mut [f32], branch: &[f32], norm: &[f32], width: u32, epsilon: f32) {
    let width = width as usize;
    let start = CUBE_POS_X as usize * width;
    let unit = UNIT_POS as usize;
    let mut squares = 0.0f32;
    let mut place = unit;
    while place < width {
        let value = branch[start + place];
        squares += value * value;
        place += UNITS;
    }
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let total = sum_of_cube(squares, &mut shared, UNITS);
    let scale = 1.0f32 / (total / width as f32 + epsilon).sqrt();
    let mut place = unit;
    while place < width {
        residual[start + place] += branch[start + place] * scale * norm[place];
        place += UNITS;
    }
}
