//! Sums over the units of a cube, through shared memory: no kernel here relies on subgroups.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

/// The sum of `value` over all `units` (a power of two), in every unit. `shared` has room for one
/// number per unit and may be used again at once.
#[cube]
pub fn sum_of_cube(value: f32, shared: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    shared[unit] = value;
    sync_cube();
    let steps = comptime!(units.ilog2() as usize);
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if unit < reach {
            let other = shared[unit + reach];
            shared[unit] += other;
        }
        sync_cube();
    }
    let sum = shared[0];
    sync_cube();
    sum
}

/// As [`sum_of_cube`], for the largest.
#[cube]
pub fn largest_of_cube(value: f32, shared: &mut Shared<[f32]>, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    shared[unit] = value;
    sync_cube();
    let steps = comptime!(units.ilog2() as usize);
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if unit < reach {
            let other = shared[unit + reach];
            shared[unit] = max(shared[unit], other);
        }
        sync_cube();
    }
    let largest = shared[0];
    sync_cube();
    largest
}
