//! Attention of new rows over the cache, softmax on the way (arXiv 1805.02867).

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

use super::reduce::{largest_of_cube, sum_of_cube};

/// Units of a cube, and keys that it takes at a time.
pub const UNITS: usize = 64;

/// One cube per query head and row: `(heads, rows)`.
///
/// `projected` is `[rows, (heads + 2 · kv_heads) · head_dim]` with rotated queries, `keys`
/// `[kv_width, positions]`, `values` `[positions, kv_width]`, `places` as in `place_heads`,
/// `output` `[rows, heads · head_dim]`. A row sees itself and the `window − 1` positions before it;
/// window 0 is no limit. `steps` is enough steps of 64 keys for every row: a loop with barriers
/// needs a bound that all units agree on. `parts` is `ceil(head_dim / 64)`.
#[cube(launch)]
pub fn attend(
    projected: &[f32],
    keys: &[f32],
    values: &[f32],
    places: &[u32],
    output: &mut [f32],
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    positions: u32,
    window: u32,
    steps: u32,
    scale: f32,
    #[comptime] parts: usize,
) {
    let heads = heads as usize;
    let kv_heads = kv_heads as usize;
    let head_dim = head_dim as usize;
    let positions = positions as usize;
    let unit = UNIT_POS as usize;
    let head = CUBE_POS_X as usize;
    let row = CUBE_POS_Y as usize;
    let kv_head = head / (heads / kv_heads);
    let kv_width = kv_heads * head_dim;
    let base = places[row * 2] as usize;
    let end = places[row * 2 + 1] as usize + 1;
    let mut begin = 0usize;
    if window > 0 && end > window as usize {
        begin = end - window as usize;
    }

    let mut query = Shared::<[f32]>::new_slice(comptime!(parts * UNITS));
    let mut weights = Shared::<[f32]>::new_slice(UNITS);
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let mut sums = Array::<f32>::new(parts);
    let start = (row * (heads + 2 * kv_heads) + head) * head_dim;
    #[unroll]
    for part in 0..parts {
        sums[part] = 0.0f32;
        let component = part * UNITS + unit;
        if component < head_dim {
            query[component] = projected[start + component] * scale;
        }
    }
    sync_cube();

    // Finite, so that a step without a visible key leaves everything as it is.
    let lowest = f32::new(-1.0e30);
    let mut largest = lowest;
    let mut total = 0.0f32;
    let mut step = 0usize;
    while step < steps as usize {
        let first = begin + step * UNITS;
        let position = first + unit;
        let mut score = lowest;
        if position < end {
            let mut product = 0.0f32;
            let key = kv_head * head_dim * positions + base + position;
            for component in 0..head_dim {
                product += query[component] * keys[key + component * positions];
            }
            score = product;
        }
        let highest = max(largest_of_cube(score, &mut shared, UNITS), largest);
        let mut weight = 0.0f32;
        if position < end {
            weight = (score - highest).exp();
        }
        weights[unit] = weight;
        let correction = (largest - highest).exp();
        total = total * correction + sum_of_cube(weight, &mut shared, UNITS);
        largest = highest;
        let mut count = 0usize;
        if first < end {
            count = usize::min(UNITS, end - first);
        }
        #[unroll]
        for part in 0..parts {
            let component = part * UNITS + unit;
            if component < head_dim {
                let value = (base + first) * kv_width + kv_head * head_dim + component;
                let mut sum = sums[part] * correction;
                for key in 0..count {
                    sum += weights[key] * values[value + key * kv_width];
                }
                sums[part] = sum;
            }
        }
        sync_cube();
        step += 1;
    }
    #[unroll]
    for part in 0..parts {
        let component = part * UNITS + unit;
        if component < head_dim {
            output[(row * heads + head) * head_dim + component] = sums[part] / total;
        }
    }
}
