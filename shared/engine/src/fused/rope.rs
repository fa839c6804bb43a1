//! Rotary position embedding on rows in place (arXiv 2104.09864).

use crate::decoder::{DecoderSpec, RopePairing};

/// Cosines and sines for the positions of one pass, one table per distinct set of frequencies.
pub struct RopeTables {
    /// Which table each layer uses.
    layer_table: Vec<usize>,
    frequencies: Vec<Vec<f32>>,
    pairing: RopePairing,
}

/// `[row][pair]` pairs of cosine and sine.
pub struct Angles(Vec<(f32, f32)>);

#[cfg(feature = "cube")]
impl Angles {
    /// Cosine and sine, `[row][pair]`.
    pub fn pairs(&self) -> &[(f32, f32)] {
        &self.0
    }
}

impl RopeTables {
    /// Finds the distinct frequency sets of a model.
    pub fn new(spec: &DecoderSpec) -> Self {
        let mut frequencies: Vec<Vec<f32>> = Vec::new();
        let layer_table = spec
            .layers
            .iter()
            .map(|layer| {
                let known = frequencies
                    .iter()
                    .position(|known| *known == layer.rope_frequencies);
                known.unwrap_or_else(|| {
                    frequencies.push(layer.rope_frequencies.clone());
                    frequencies.len() - 1
                })
            })
            .collect();
        Self {
            layer_table,
            frequencies,
            pairing: spec.rope_pairing,
        }
    }

    /// Angles of the given positions, one per table.
    pub fn angles(&self, positions: &[usize]) -> Vec<Angles> {
        self.frequencies
            .iter()
            .map(|frequencies| {
                Angles(
                    positions
                        .iter()
                        .flat_map(|position| {
                            frequencies.iter().map(move |frequency| {
                                let (sine, cosine) = (*position as f32 * frequency).sin_cos();
                                (cosine, sine)
                            })
                        })
                        .collect(),
                )
            })
            .collect()
    }

    /// Number of the table that a layer uses, among those that [`RopeTables::angles`] gives.
    #[cfg(feature = "cube")]
    pub fn table_of(&self, layer: usize) -> usize {
        self.layer_table[layer]
    }

    /// Rotates one head of the row number `row` for a layer.
    pub fn rotate(&self, layer: usize, angles: &[Angles], row: usize, head: &mut [f32]) {
        let pairs = head.len() / 2;
        let angles = &angles[self.layer_table[layer]].0[row * pairs..(row + 1) * pairs];
        match self.pairing {
            RopePairing::HalfSplit => {
                let (first, second) = head.split_at_mut(pairs);
                for ((a, b), (cosine, sine)) in first.iter_mut().zip(second).zip(angles) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
            RopePairing::Interleaved => {
                for ([a, b], (cosine, sine)) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
        }
    }
}
