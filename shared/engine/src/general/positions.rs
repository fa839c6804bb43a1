//! What depends on positions alone: rotary angles and attention masks, made once per pass.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::decoder::{DecoderSpec, RopePairing};
use crate::hooks::{ChunkRows, RowLayout};

/// Keys are read in steps of this many positions, so that few shapes occur.
const KEY_STEP: usize = 64;
/// Added to the score of a position that must not be seen. Finite, because shaders of the browser
/// know no infinity.
const HIDDEN: f32 = -1e30;

/// Cosine and sine per row and rotating pair, `[rows, 1, head_dim / 2]`.
pub(super) struct Rotation {
    cosines: Tensor<3>,
    sines: Tensor<3>,
}

/// What one sequence sees in layers of one window.
pub(super) struct View {
    /// First position read.
    pub(super) start: usize,
    /// One past the last position read, within the cache's capacity.
    pub(super) end: usize,
    /// `[1, queries, end − start]`, 0 or [`HIDDEN`].
    pub(super) mask: Tensor<3>,
}

/// Rotations and views of one pass, shared by the layers that have them alike.
pub(super) struct Positions {
    rotations: Vec<Rotation>,
    /// By kind of window, then by sequence in order of rows.
    views: Vec<Vec<View>>,
    /// For each layer its rotation and its kind of window.
    kinds: Vec<(usize, usize)>,
}

impl Positions {
    pub(super) fn new(
        spec: &DecoderSpec,
        layout: &RowLayout,
        capacities: &[usize],
        device: &Device,
    ) -> Self {
        let mut frequencies: Vec<&[f32]> = Vec::new();
        let mut windows: Vec<Option<usize>> = Vec::new();
        let kinds = spec
            .layers
            .iter()
            .map(|layer| {
                (
                    index_of(&mut frequencies, layer.rope_frequencies.as_slice()),
                    index_of(&mut windows, layer.window),
                )
            })
            .collect();
        Self {
            rotations: frequencies
                .iter()
                .map(|frequencies| Rotation::new(frequencies, layout, device))
                .collect(),
            views: windows
                .iter()
                .map(|&window| {
                    layout
                        .chunks
                        .iter()
                        .map(|part| View::new(part, window, capacities[part.chunk], device))
                        .collect()
                })
                .collect(),
            kinds,
        }
    }

    pub(super) fn rotation(&self, layer: usize) -> &Rotation {
        &self.rotations[self.kinds[layer].0]
    }

    pub(super) fn views(&self, layer: usize) -> &[View] {
        &self.views[self.kinds[layer].1]
    }
}

/// The place of `value` among those seen before, adding it where it is new.
fn index_of<T: PartialEq>(seen: &mut Vec<T>, value: T) -> usize {
    seen.iter()
        .position(|other| *other == value)
        .unwrap_or_else(|| {
            seen.push(value);
            seen.len() - 1
        })
}

impl Rotation {
    fn new(frequencies: &[f32], layout: &RowLayout, device: &Device) -> Self {
        let angles: Vec<f32> = layout
            .chunks
            .iter()
            .flat_map(|part| part.first_position..part.first_position + part.rows.len())
            .flat_map(|position| frequencies.iter().map(move |f| position as f32 * f))
            .collect();
        let shape = [angles.len() / frequencies.len(), 1, frequencies.len()];
        let upload = |values: Vec<f32>| {
            Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
        };
        Self {
            cosines: upload(angles.iter().map(|angle| angle.cos()).collect()),
            sines: upload(angles.iter().map(|angle| angle.sin()).collect()),
        }
    }

    /// Rotates every head of `[rows, heads, head_dim]` by its row's angles.
    pub(super) fn apply(&self, x: Tensor<3>, pairing: RopePairing) -> Tensor<3> {
        let [rows, heads, head_dim] = x.dims();
        let half = head_dim / 2;
        let turn = |first: Tensor<3>, second: Tensor<3>| {
            let left = first.clone() * self.cosines.clone() - second.clone() * self.sines.clone();
            let right = second * self.cosines.clone() + first * self.sines.clone();
            (left, right)
        };
        match pairing {
            RopePairing::HalfSplit => {
                let first = x.clone().slice([0..rows, 0..heads, 0..half]);
                let second = x.slice([0..rows, 0..heads, half..head_dim]);
                let (left, right) = turn(first, second);
                Tensor::cat(vec![left, right], 2)
            }
            RopePairing::Interleaved => {
                let pairs = x.reshape([rows, heads, half, 2]);
                let part = |index: usize| {
                    pairs
                        .clone()
                        .slice([0..rows, 0..heads, 0..half, index..index + 1])
                        .reshape([rows, heads, half])
                };
                let (left, right) = turn(part(0), part(1));
                Tensor::stack::<4>(vec![left, right], 3).reshape([rows, heads, head_dim])
            }
        }
    }
}

impl View {
    fn new(part: &ChunkRows, window: Option<usize>, capacity: usize, device: &Device) -> Self {
        let queries = part.rows.len();
        let last = part.first_position + queries;
        let earliest = window.map_or(0, |window| (part.first_position + 1).saturating_sub(window));
        let start = earliest / KEY_STEP * KEY_STEP;
        let end = (last.div_ceil(KEY_STEP) * KEY_STEP).min(capacity);
        let mask: Vec<f32> = (part.first_position..last)
            .flat_map(|query| {
                (start..end).map(move |key| {
                    let seen = key <= query && window.is_none_or(|window| query - key < window);
                    if seen { 0.0 } else { HIDDEN }
                })
            })
            .collect();
        Self {
            start,
            end,
            mask: Tensor::from_data(
                TensorData::new(mask, [1, queries, end - start]),
                (device, DType::F32),
            ),
        }
    }
}
