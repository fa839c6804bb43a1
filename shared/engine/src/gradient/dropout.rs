//! Which inputs of an adapter are left out: a function of a counter, so that the backward pass, another
//! number of threads and a resumed run see the same.

use crate::adapter::Projection;

/// Values that one hash decides about.
const VALUES_PER_HASH: usize = 4;
/// Steps of probability that a 16-bit part of a hash can tell apart.
const STEPS: f32 = 65536.0;

/// The randomness of one optimiser update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// Share of inputs that are left out, 0 ≤ probability < 1.
    pub probability: f32,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the update.
    pub step: u64,
}

/// The mask of one adapter matrix's inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask {
    key: u64,
    /// Values whose 16 bits lie below it are left out.
    limit: u16,
    scale: f32,
    /// Number of the first row within the update.
    first_row: usize,
}

impl Dropout {
    /// The mask for one map of one block, from row number `first_row` of the update on; `None` where
    /// nothing is left out.
    pub(super) fn mask(
        self,
        layer: usize,
        projection: Projection,
        first_row: usize,
    ) -> Option<Mask> {
        let limit = (self.probability * STEPS).round() as u16;
        let place = (layer * Projection::ALL.len() + projection as usize) as u64;
        (limit > 0).then(|| Mask {
            key: mix(mix(mix(self.seed) ^ self.step) ^ place),
            limit,
            scale: 1.0 / (1.0 - f32::from(limit) / STEPS),
            first_row,
        })
    }
}

impl Mask {
    /// Leaves out what the mask leaves out of row number `row`, and scales the rest up so that the
    /// expectation stays.
    pub(super) fn apply(&self, row: usize, values: &mut [f32]) {
        let hashes = values.len().div_ceil(VALUES_PER_HASH) as u64;
        let first = (self.first_row + row) as u64 * hashes;
        for (values, counter) in values.chunks_mut(VALUES_PER_HASH).zip(first..) {
            let mut bits = mix(self.key ^ counter);
            for value in values {
                *value *= if (bits as u16) < self.limit {
                    0.0
                } else {
                    self.scale
                };
                bits >>= 16;
            }
        }
    }
}

/// The finaliser of splitmix64 on a Weyl step: every bit of the result depends on every bit given.
fn mix(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_right_and_rows_do_not_depend_on_the_piece() {
        let dropout = Dropout {
            probability: 0.2,
            seed: 3,
            step: 9,
        };
        let mask = dropout.mask(4, Projection::Key, 0).unwrap();
        let mut kept = 0.0;
        for row in 0..100 {
            let mut values = [1.0f32; 250];
            mask.apply(row, &mut values);
            kept += values.iter().filter(|value| **value > 0.0).count() as f32;
            assert!(
                values
                    .iter()
                    .all(|value| *value == 0.0 || (*value - 1.25).abs() < 1e-4)
            );
            let mut again = [1.0f32; 250];
            let later = dropout.mask(4, Projection::Key, 60).unwrap();
            if row >= 60 {
                later.apply(row - 60, &mut again);
                assert_eq!(values, again);
            }
        }
        assert!((kept / 25_000.0 - 0.8).abs() < 0.01, "{kept}");
    }

    #[test]
    fn places_and_steps_differ() {
        let drawn = |seed, step, layer, projection| {
            let dropout = Dropout {
                probability: 0.5,
                seed,
                step,
            };
            let mut values = [1.0f32; 64];
            let mask = dropout.mask(layer, projection, 0).unwrap();
            mask.apply(0, &mut values);
            values.map(|value| value > 0.0)
        };
        let base = drawn(1, 1, 1, Projection::Query);
        assert_ne!(base, drawn(2, 1, 1, Projection::Query));
        assert_ne!(base, drawn(1, 2, 1, Projection::Query));
        assert_ne!(base, drawn(1, 1, 2, Projection::Query));
        assert_ne!(base, drawn(1, 1, 1, Projection::Value));
        let none = Dropout {
            probability: 0.0,
            seed: 1,
            step: 1,
        };
        assert!(none.mask(0, Projection::Query, 0).is_none());
    }
}
