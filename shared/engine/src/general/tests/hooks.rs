//! Hooks see what the reference computes, and what they change goes on.

use burn::tensor::Tensor;

use super::random::{spec, tokens, weights};
use super::*;
use crate::decoder::{Activation, RopePairing};
use crate::hooks::{Capture, Hook, RowLayout, Site};
use crate::measure::{Pooling, pooled_hidden_states};

fn model() -> (Arc<DecoderSpec>, Arc<DecoderWeights>) {
    let spec = spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let weights = weights(&spec, 21, Storage::Packed, true, true);
    (spec, weights)
}

#[test]
fn capture_sees_every_site_of_every_sequence() {
    let (spec, weights) = model();
    let texts = [tokens(&spec, 1, 8), tokens(&spec, 2, 3)];
    for (label, device, _) in devices() {
        let mut pass = pass(&spec, &weights, &device);
        let mut caches: Vec<Cache> = texts.iter().map(|_| pass.new_cache(9).unwrap()).collect();
        let mut chunks: Vec<Chunk<'_>> = texts
            .iter()
            .zip(&mut caches)
            .map(|(tokens, cache)| Chunk { tokens, cache })
            .collect();
        let sites = [
            Site::Residual { layer: 0 },
            Site::MlpActivation { layer: 1 },
            Site::AttentionOutput { layer: 2 },
            Site::FinalHidden,
        ];
        let mut capture = Capture::new(sites.to_vec());
        pollster::block_on(pass.forward_with_hooks(&mut chunks, &mut capture)).unwrap();
        for (number, text) in texts.iter().enumerate() {
            let trace = reference::run(&spec, &weights, text);
            let expected = [
                &trace.residual[0],
                &trace.mlp_activation[1],
                &trace.attention_output[2],
                &trace.hidden,
            ];
            for (site, expected) in sites.into_iter().zip(expected) {
                let seen = capture.of(site, number).unwrap().into_data();
                let seen: Vec<f32> = seen.try_into_vec().unwrap();
                assert_close(
                    &format!("{label} {site:?}"),
                    &seen,
                    expected,
                    model_tolerance(label, Storage::Packed),
                );
            }
        }
        assert!(capture.of(Site::Residual { layer: 2 }, 0).is_none());
        capture.clear();
        assert!(capture.of(Site::FinalHidden, 0).is_none());
    }
}

/// Replaces the residual stream of the second sequence after block 2 by a constant.
struct Overwrite {
    calls: Vec<RowLayout>,
}

impl Hook for Overwrite {
    fn wants(&self, site: &Site) -> bool {
        *site == Site::Residual { layer: 2 }
    }

    fn call(&mut self, _: Site, rows: &RowLayout, value: Tensor<2>) -> Tensor<2> {
        self.calls.push(rows.clone());
        let [_, width] = value.dims();
        let part = rows.chunks[1].rows.clone();
        let constant = Tensor::ones([part.len(), width], &value.device());
        value.slice_assign([part, 0..width], constant)
    }
}

#[test]
fn a_changed_activation_goes_on_and_only_where_it_was_changed() {
    let (spec, weights) = model();
    let mut pass = pass(&spec, &weights, &Device::flex());
    let mut caches = [pass.new_cache(8).unwrap(), pass.new_cache(8).unwrap()];
    // The second sequence is not new: its rows begin at position 2.
    forward(&mut pass, &[9, 10], &mut caches[1]);
    let [first, second] = &mut caches;
    let mut hook = Overwrite { calls: Vec::new() };
    let mut chunks = [
        Chunk {
            tokens: &[3, 4, 5],
            cache: first,
        },
        Chunk {
            tokens: &[6, 7],
            cache: second,
        },
    ];
    let hidden = pollster::block_on(pass.forward_with_hooks(&mut chunks, &mut hook)).unwrap();
    let hidden: Vec<f32> = hidden.into_data().try_into_vec().unwrap();
    let layout = &hook.calls[0];
    assert_eq!(hook.calls.len(), 1);
    assert_eq!(
        (
            layout.chunks[0].rows.clone(),
            layout.chunks[0].first_position
        ),
        (0..3, 0)
    );
    assert_eq!(
        (
            layout.chunks[1].rows.clone(),
            layout.chunks[1].first_position
        ),
        (3..5, 2)
    );
    let untouched = reference::run(&spec, &weights, &[3, 4, 5]).hidden;
    assert_close("first", &hidden[..3 * 64], &untouched, 5e-3);
    // The final norm of ones is its weight.
    let expected = [&*weights.final_norm, &*weights.final_norm].concat();
    assert_close("second", &hidden[3 * 64..], &expected, 1e-5);
}

#[test]
fn pooled_states_are_the_mean_or_the_last_row() {
    let (spec, weights) = model();
    let mut pass = pass(&spec, &weights, &Device::flex());
    let texts = [tokens(&spec, 1, 6), tokens(&spec, 2, 2)];
    let slices: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let site = Site::Residual { layer: 1 };
    let mut pool = |pooling| {
        pollster::block_on(pooled_hidden_states(&mut pass, &slices, site, pooling)).unwrap()
    };
    let (means, lasts) = (pool(Pooling::Mean), pool(Pooling::LastToken));
    for (number, text) in texts.iter().enumerate() {
        let states = &reference::run(&spec, &weights, text).residual[1];
        let rows: Vec<&[f32]> = states.chunks_exact(64).collect();
        let mean: Vec<f32> = (0..64)
            .map(|column| rows.iter().map(|row| row[column]).sum::<f32>() / rows.len() as f32)
            .collect();
        assert_close("mean", &means[number], &mean, 5e-3);
        assert_close("last", &lasts[number], rows[rows.len() - 1], 5e-3);
    }
    let nowhere = Site::Residual { layer: 9 };
    let missing = pooled_hidden_states(&mut pass, &slices, nowhere, Pooling::Mean);
    assert!(pollster::block_on(missing).is_err());
}
