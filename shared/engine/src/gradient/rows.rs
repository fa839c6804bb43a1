//! Work on rows that needs no product: norms, rotation, gates, each with its way back.

use rayon::prelude::*;

use crate::decoder::{Activation, DecoderSpec, RopePairing};
use crate::kernels::simd;

/// `work` on every row of `width` values, on all threads.
pub(super) fn for_each(
    values: &mut [f32],
    width: usize,
    work: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    values
        .par_chunks_exact_mut(width)
        .enumerate()
        .for_each(|(row, values)| work(row, values));
}

/// RMS norm of every `weight.len()` values.
pub(super) fn norm(x: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let width = weight.len();
    let mut out = vec![0.0; x.len()];
    for_each(&mut out, width, |row, out| {
        simd::rms_norm(&x[row * width..][..width], weight, epsilon, out);
    });
    out
}

/// `x + norm(y)`, or `x + y` without a norm.
pub(super) fn join(
    x: &[f32],
    y: &[f32],
    weight: Option<&[f32]>,
    epsilon: f32,
    width: usize,
) -> Vec<f32> {
    let mut out = x.to_vec();
    for_each(&mut out, width, |row, out| {
        let y = &y[row * width..][..width];
        match weight {
            Some(weight) => {
                let mut normed = vec![0.0; width];
                simd::rms_norm(y, weight, epsilon, &mut normed);
                simd::add_scaled(out, &normed, 1.0);
            }
            None => simd::add_scaled(out, y, 1.0),
        }
    });
    out
}

/// Gradient of [`norm`] with respect to `x`, in place of `gradient`.
pub(super) fn norm_backward(x: &[f32], weight: &[f32], epsilon: f32, gradient: &mut [f32]) {
    let width = weight.len();
    for_each(gradient, width, |row, gradient| {
        simd::rms_norm_backward(&x[row * width..][..width], weight, epsilon, gradient);
    });
}

/// `activation(gate) · up`.
pub(super) fn gated(spec: &DecoderSpec, gate: &[f32], up: &[f32]) -> Vec<f32> {
    let width = spec.feed_forward;
    let mut inner = gate.to_vec();
    for_each(&mut inner, width, |row, inner| {
        let up = &up[row * width..][..width];
        match spec.activation {
            Activation::GeluTanh => simd::gelu_gate(inner, up),
            Activation::Silu => simd::silu_gate(inner, up),
        }
    });
    inner
}

/// Gradients of gate and up from that of [`gated`], in place of `gate` and `up`.
pub(super) fn gated_backward(
    spec: &DecoderSpec,
    gate: &mut [f32],
    up: &mut [f32],
    gradient: &[f32],
) {
    let width = spec.feed_forward;
    gate.par_chunks_exact_mut(width)
        .zip(up.par_chunks_exact_mut(width))
        .zip(gradient.par_chunks_exact(width))
        .for_each(|((gate, up), gradient)| match spec.activation {
            Activation::GeluTanh => simd::gelu_gate_backward(gate, up, gradient),
            Activation::Silu => simd::silu_gate_backward(gate, up, gradient),
        });
}

/// Cosine and sine of every position and pair, for the layers that share frequencies.
#[derive(Debug)]
pub(super) struct Angles {
    tables: Vec<Vec<(f32, f32)>>,
    /// Which table each layer uses.
    of_layer: Vec<usize>,
    pairing: RopePairing,
}

impl Angles {
    /// For positions 0 to `positions`.
    pub(super) fn new(spec: &DecoderSpec, positions: usize) -> Self {
        let mut seen: Vec<&[f32]> = Vec::new();
        let mut of_layer = Vec::with_capacity(spec.layers.len());
        for layer in &spec.layers {
            let frequencies = layer.rope_frequencies.as_slice();
            let table = seen.iter().position(|known| *known == frequencies);
            of_layer.push(table.unwrap_or(seen.len()));
            if table.is_none() {
                seen.push(frequencies);
            }
        }
        let table = |frequencies: &&[f32]| {
            (0..positions)
                .flat_map(|position| {
                    frequencies.iter().map(move |frequency| {
                        let (sine, cosine) = (position as f32 * frequency).sin_cos();
                        (cosine, sine)
                    })
                })
                .collect()
        };
        Self {
            tables: seen.iter().map(table).collect(),
            of_layer,
            pairing: spec.rope_pairing,
        }
    }

    /// Turns one head at `position`; `back` turns the other way, which is the gradient's.
    pub(super) fn rotate(&self, layer: usize, position: usize, head: &mut [f32], back: bool) {
        let pairs = head.len() / 2;
        let angles = &self.tables[self.of_layer[layer]][position * pairs..][..pairs];
        let turn = |a: &mut f32, b: &mut f32, (cosine, sine): (f32, f32)| {
            let sine = if back { -sine } else { sine };
            (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
        };
        match self.pairing {
            RopePairing::HalfSplit => {
                let (first, second) = head.split_at_mut(pairs);
                for ((a, b), angle) in first.iter_mut().zip(second).zip(angles) {
                    turn(a, b, *angle);
                }
            }
            RopePairing::Interleaved => {
                for ([a, b], angle) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
                    turn(a, b, *angle);
                }
            }
        }
    }
}
