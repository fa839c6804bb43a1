//! New queries, keys and values to where attention finds them: per-head norm, rotation, cache.

// `#[cube]` writes functions that carry no documentation.
#![allow(missing_docs)]

use cubecl::prelude::*;

use super::reduce::sum_of_cube;

/// Units of a cube.
pub const UNITS: usize = 64;

/// One cube per head of queries, keys and values and per row: `(heads + 2 · kv_heads, rows)`.
///
/// `projected` is `[rows, (heads + 2 · kv_heads) · head_dim]`; queries are rotated in place.
/// `norms` holds the query norm and the key norm, `[2, head_dim]` (one unused number without norms);
/// `angles` `[rows, head_dim / 2, 2]` cosines and sines, beginning at `first_angle`;
/// `places` per row the first position of its sequence in the cache and the row's position in the
/// sequence. `keys` are `[kv_width, positions]`, so that neighbouring units of attention read
/// neighbouring words; `values` `[positions, kv_width]`.
#[cube(launch)]
pub fn place_heads(
    projected: &mut [f32],
    norms: &[f32],
    angles: &[f32],
    places: &[u32],
    keys: &mut [f32],
    values: &mut [f32],
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    positions: u32,
    first_angle: u32,
    epsilon: f32,
    #[comptime] normed: bool,
    #[comptime] interleaved: bool,
) {
    let heads = heads as usize;
    let kv_heads = kv_heads as usize;
    let head_dim = head_dim as usize;
    let unit = UNIT_POS as usize;
    let head = CUBE_POS_X as usize;
    let row = CUBE_POS_Y as usize;
    let start = (row * (heads + 2 * kv_heads) + head) * head_dim;
    let place = (places[row * 2] + places[row * 2 + 1]) as usize;
    let mut scale = 1.0f32;
    if normed {
        let mut squares = 0.0f32;
        let mut component = unit;
        while component < head_dim {
            let value = projected[start + component];
            squares += value * value;
            component += UNITS;
        }
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let total = sum_of_cube(squares, &mut shared, UNITS);
        scale = 1.0f32 / (total / head_dim as f32 + epsilon).sqrt();
    }
    if head >= heads + kv_heads {
        let first = place * kv_heads * head_dim + (head - heads - kv_heads) * head_dim;
        let mut component = unit;
        while component < head_dim {
            values[first + component] = projected[start + component];
            component += UNITS;
        }
    } else {
        let pairs = head_dim / 2;
        let mut pair = unit;
        while pair < pairs {
            let mut first = pair;
            let mut second = pair + pairs;
            if interleaved {
                first = pair * 2;
                second = pair * 2 + 1;
            }
            let mut a = projected[start + first];
            let mut b = projected[start + second];
            if normed {
                let mut norm = 0usize;
                if head >= heads {
                    norm = head_dim;
                }
                a *= scale * norms[norm + first];
                b *= scale * norms[norm + second];
            }
            let angle = first_angle as usize + (row * pairs + pair) * 2;
            let cosine = angles[angle];
            let sine = angles[angle + 1];
            let turned_a = a * cosine - b * sine;
            let turned_b = b * cosine + a * sine;
            if head < heads {
                projected[start + first] = turned_a;
                projected[start + second] = turned_b;
            } else {
                let key = (head - heads) * head_dim;
                keys[(key + first) * positions as usize + place] = turned_a;
                keys[(key + second) * positions as usize + place] = turned_b;
            }
            pair += UNITS;
        }
    }
}
