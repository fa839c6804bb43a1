//! Gradients against differences of the loss, on models of both families.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use burn::tensor::Device;
use protocol::training::BasePrecision;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::adapter::{Adapter, LoraConfig, Projection};
use crate::decoder::{Activation, DecoderSpec, RopePairing};
use crate::general::tests::random;

fn adapter(spec: &DecoderSpec, modules: &[Projection]) -> Adapter {
    let config = LoraConfig {
        rank: 3,
        alpha: 6.0,
        dropout: 0.0,
        target_modules: modules.iter().copied().collect(),
        base_model: None,
    };
    let mut adapter = Adapter::initial(spec, config, 5).unwrap();
    // B is zero at first, and with it the gradient of A.
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for factors in adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
    {
        factors.b = random::uniform(&mut rng, factors.b.len(), 0.3);
    }
    adapter
}

fn gemma() -> (Arc<DecoderSpec>, GradientPass) {
    let spec = random::spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let weights = random::weights(&spec, 1, random::Storage::Dense, true, true);
    let pass =
        GradientPass::from_weights(spec.clone(), weights, BasePrecision::F32, &Device::flex())
            .unwrap();
    (spec, pass)
}

fn llama() -> (Arc<DecoderSpec>, GradientPass) {
    let spec = random::spec(Activation::Silu, RopePairing::Interleaved);
    let weights = random::weights(&spec, 2, random::Storage::Packed, false, false);
    let pass =
        GradientPass::from_weights(spec.clone(), weights, BasePrecision::F32, &Device::flex())
            .unwrap();
    (spec, pass)
}

/// Sequences longer than the window and of different lengths.
fn sequences(spec: &DecoderSpec) -> Vec<Vec<u32>> {
    let lengths = [9, 2, 6];
    lengths
        .iter()
        .enumerate()
        .map(|(number, length)| random::tokens(spec, number as u64, *length))
        .collect()
}

fn borrowed(sequences: &[Vec<u32>]) -> Vec<&[u32]> {
    sequences.iter().map(Vec::as_slice).collect()
}

/// The slope of the loss along random directions in each factor, which every element enters.
#[test]
fn gradients_agree_with_differences() {
    let dropout = Dropout {
        probability: 0.25,
        seed: 1,
        step: 2,
    };
    for ((spec, pass), dropout) in [(gemma(), None), (llama(), Some(dropout))] {
        let sequences = sequences(&spec);
        let sequences = borrowed(&sequences);
        let adapter = adapter(&spec, &Projection::ALL);
        let mut gradients = Gradients::zero(&adapter);
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        pass.accumulate(&adapter, &sequences, dropout, 0, &mut gradients)
            .unwrap();
        let loss = |adapter: &Adapter| {
            let mut unused = Gradients::zero(adapter);
            let loss = pass.accumulate(adapter, &sequences, dropout, 0, &mut unused);
            loss.unwrap().sum
        };
        for layer in 0..spec.layers.len() {
            for projection in Projection::ALL {
                for part in ["A", "B"] {
                    let of = &gradients.layers[layer][&projection];
                    let of = if part == "A" { &of.a } else { &of.b };
                    let direction = random::uniform(&mut rng, of.len(), 1.0);
                    let step = 2e-3;
                    let along = |sign: f32| {
                        let mut moved = adapter.clone();
                        let factors = moved.layers[layer].get_mut(&projection).unwrap();
                        let values = if part == "A" {
                            &mut factors.a
                        } else {
                            &mut factors.b
                        };
                        for (value, direction) in values.iter_mut().zip(&direction) {
                            *value += sign * step * direction;
                        }
                        loss(&moved)
                    };
                    let expected = (along(1.0) - along(-1.0)) / (2.0 * f64::from(step));
                    let got: f64 = of
                        .iter()
                        .zip(&direction)
                        .map(|(g, d)| f64::from(g * d))
                        .sum();
                    let norm = of.iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
                    assert!(
                        (got - expected).abs() < 0.02 * norm + 5e-3,
                        "{} block {layer} {projection} {part}: {got}, by differences {expected}, \
                         norm {norm}",
                        spec.architecture
                    );
                }
            }
        }
    }
}

/// What is left out below the lowest adapter changes nothing above it, and batches add up.
#[test]
fn fewer_modules_and_split_batches_give_the_same_gradients() {
    for (spec, pass) in [gemma(), llama()] {
        let sequences = sequences(&spec);
        let sequences = borrowed(&sequences);
        for modules in [
            &[Projection::Down][..],
            &[Projection::Gate],
            &[Projection::Output, Projection::Up],
            &[Projection::Key],
        ] {
            // The same change, with the other modules' factors zero: gradients of A and B in `modules` agree.
            let few = adapter(&spec, modules);
            let mut all = adapter(&spec, &Projection::ALL);
            for (layer, few) in all.layers.iter_mut().zip(&few.layers) {
                for (projection, factors) in layer {
                    match few.get(projection) {
                        Some(few) => factors.clone_from(few),
                        None => factors.b.fill(0.0),
                    }
                }
            }
            let mut of_few = Gradients::zero(&few);
            let mut of_all = Gradients::zero(&all);
            let mut total = BatchLoss::default();
            let mut rows = 0;
            for sequence in &sequences {
                let loss = pass.accumulate(&few, &[*sequence], None, rows, &mut of_few);
                total.add(loss.unwrap());
                rows += sequence.len() - 1;
            }
            let loss = pass
                .accumulate(&all, &sequences, None, 0, &mut of_all)
                .unwrap();
            assert_eq!((total.targets, rows), (loss.targets, 14));
            assert!((total.sum - loss.sum).abs() < 1e-3, "{total:?} {loss:?}");
            assert!((pass.loss(&few, &sequences).unwrap().sum - loss.sum).abs() < 1e-3);
            let largest = of_few.norm() as f32;
            assert!(largest > 0.0);
            for (few, all) in of_few.layers.iter().zip(&of_all.layers) {
                for (projection, few) in few {
                    let pairs = few.a.iter().zip(&all[projection].a);
                    let pairs = pairs.chain(few.b.iter().zip(&all[projection].b));
                    for (few, all) in pairs {
                        assert!((few - all).abs() < 1e-4 * largest, "{projection}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let (spec, pass) = gemma();
    let fitting = adapter(&spec, &[Projection::Query]);
    for (sequence, part) in [
        (vec![3], "two tokens"),
        (vec![3, 83], "token 83"),
        (vec![3; 4000], "4000 tokens"),
    ] {
        let error = pass.loss(&fitting, &[&sequence]).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    let mut broken = fitting;
    broken.layers.pop();
    assert!(pass.loss(&broken, &[&[3, 4]]).is_err());
}
