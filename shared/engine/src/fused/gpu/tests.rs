//! The fused pass on Vulkan against plain loops and against the processor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use burn::tensor::Device;

use super::{Cache, GpuChunk, GpuPass};
use crate::decoder::spec::rope_frequencies;
use crate::decoder::{Activation, DecoderSpec, DecoderWeights, RopePairing};
use crate::fused::{FusedChunk, FusedPass};
use crate::general::tests::random::{Storage, spec, tokens, weights};
use crate::general::tests::{devices, reference};
use crate::kernels::simd;

/// Every family's shape; the last one with heads wider than a cube.
fn models() -> Vec<(&'static str, Arc<DecoderSpec>, Arc<DecoderWeights>)> {
    let gemma = spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let llama = spec(Activation::Silu, RopePairing::Interleaved);
    let mut wide = (*gemma).clone();
    wide.head_dim = 160;
    for layer in &mut wide.layers {
        layer.rope_frequencies = rope_frequencies(10_000.0, 160);
    }
    let wide = Arc::new(wide);
    [
        ("gemma", gemma, true),
        ("llama", llama, false),
        ("wide", wide, true),
    ]
    .into_iter()
    .map(|(name, spec, gemma)| {
        let weights = weights(&spec, 7, Storage::Packed, gemma, gemma);
        (name, spec, weights)
    })
    .collect()
}

fn gpu() -> Option<Device> {
    let (_, device, _) = devices().into_iter().find(|(name, _, _)| *name != "cpu")?;
    Some(device)
}

fn forward(pass: &mut GpuPass, tokens: &[u32], cache: &mut Cache) -> super::Hidden {
    pass.forward(&mut [GpuChunk { tokens, cache }]).unwrap()
}

#[track_caller]
fn assert_close(label: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{label}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let allowed = 2e-4 * (1.0 + expected.abs());
        assert!(
            (got - expected).abs() <= allowed,
            "{label}: value {index} is {got}, expected {expected}"
        );
    }
}

#[test]
fn logits_equal_plain_loops() {
    let Some(device) = gpu() else { return };
    for (name, spec, weights) in models() {
        // Longer than the window of 5.
        let tokens = tokens(&spec, 3, 19);
        let expected = reference::run(&spec, &weights, &tokens);
        let mut pass = GpuPass::new(spec.clone(), &weights, &device).unwrap();
        let mut cache = pass.new_cache(24).unwrap();
        let hidden = forward(&mut pass, &tokens, &mut cache);
        assert_eq!(cache.length(), 19);
        let rows: Vec<usize> = (0..19).rev().collect();
        let logits = pollster::block_on(pass.logits(&hidden, &rows)).unwrap();
        let wanted: Vec<f32> = expected
            .logits
            .chunks_exact(spec.vocabulary)
            .rev()
            .flatten()
            .copied()
            .collect();
        assert_close(name, &logits, &wanted);

        let targets = [(4usize, 82u32), (0, 0), (18, 11)];
        let got = pollster::block_on(pass.token_log_probabilities(&hidden, &targets)).unwrap();
        for (&(row, token), got) in targets.iter().zip(got) {
            let logits = &expected.logits[row * spec.vocabulary..][..spec.vocabulary];
            let wanted = logits[token as usize] - simd::log_sum_exp(logits);
            assert_close(name, &[got], &[wanted]);
        }
    }
}

/// Greedy decoding across a border of attention's steps and of the cache's growth: the processor's
/// tokens, few dispatches, one read-back a step.
#[test]
fn greedy_tokens_equal_the_processors_at_few_dispatches() {
    let Some(device) = gpu() else { return };
    for (name, spec, weights) in models() {
        let mut expected = FusedPass::new(spec.clone(), weights.clone()).unwrap();
        let mut pass = GpuPass::new(spec.clone(), &weights, &device).unwrap();
        let prompts: &[usize] = match name {
            "gemma" => &[1, 60, 250],
            _ => &[60],
        };
        for &prompt in prompts {
            let mut tokens = tokens(&spec, prompt as u64, prompt);
            let mut host_cache = expected.new_cache(prompt + 12);
            let mut cache = pass.new_cache(prompt + 12).unwrap();
            for step in 0..12 {
                let new = &tokens[cache.length()..];
                let hidden = expected
                    .forward(&mut [FusedChunk {
                        tokens: new,
                        cache: &mut host_cache,
                    }])
                    .unwrap();
                let last = new.len() - 1;
                let logits = expected.logits(&hidden, &[last]).unwrap();
                let wanted = simd::largest(&logits).0 as u32;
                let hidden = forward(&mut pass, new, &mut cache);
                let got = pollster::block_on(pass.most_likely(&hidden, &[last])).unwrap();
                assert_eq!(got, [wanted], "{name}, prompt of {prompt}, step {step}");
                let counters = pass.counters();
                let layers = spec.layers.len() as u32;
                let per_layer = if name == "llama" { 6 } else { 8 };
                // Beside the blocks: embedding, head, two for the most likely token.
                assert_eq!(counters.dispatches, layers * per_layer + 4);
                assert!(counters.dispatches <= layers * 12);
                assert_eq!(counters.read_backs, 1);
                tokens.push(wanted);
            }
        }
    }
}

/// Sequences that start, end and grow side by side, each as if alone.
#[test]
fn a_batch_equals_each_alone() {
    let Some(device) = gpu() else { return };
    let (_, spec, weights) = models().remove(0);
    let mut pass = GpuPass::new(spec.clone(), &weights, &device).unwrap();
    let texts: Vec<Vec<u32>> = [3, 170, 1, 90]
        .iter()
        .map(|&count| tokens(&spec, count as u64, count))
        .collect();
    let alone: Vec<f32> = texts
        .iter()
        .flat_map(|tokens| {
            let mut cache = pass.new_cache(tokens.len()).unwrap();
            let hidden = forward(&mut pass, tokens, &mut cache);
            pollster::block_on(pass.logits(&hidden, &[tokens.len() - 1])).unwrap()
        })
        .collect();
    let dropped = pass.new_cache(7).unwrap();
    let mut caches: Vec<Cache> = texts
        .iter()
        .map(|tokens| pass.new_cache(tokens.len()).unwrap())
        .collect();
    drop(dropped);
    // All but the last token of each, then the last ones together.
    let mut chunks: Vec<GpuChunk<'_>> = texts
        .iter()
        .zip(&mut caches)
        .filter(|(tokens, _)| tokens.len() > 1)
        .map(|(tokens, cache)| GpuChunk {
            tokens: &tokens[..tokens.len() - 1],
            cache,
        })
        .collect();
    pass.forward(&mut chunks).unwrap();
    // Room for the next sequence is taken from the gap and behind the others.
    let _before = pass.new_cache(7).unwrap();
    let _behind = pass.new_cache(600).unwrap();
    let mut chunks: Vec<GpuChunk<'_>> = texts
        .iter()
        .zip(&mut caches)
        .map(|(tokens, cache)| GpuChunk {
            tokens: &tokens[tokens.len() - 1..],
            cache,
        })
        .collect();
    let hidden = pass.forward(&mut chunks).unwrap();
    let together = pollster::block_on(pass.logits(&hidden, &[0, 1, 2, 3])).unwrap();
    assert_close("batch", &together, &alone);
}

/// More rows than go through at once.
#[test]
fn a_long_text_goes_in_pieces() {
    let Some(device) = gpu() else { return };
    let (_, spec, weights) = models().remove(1);
    let tokens = tokens(&spec, 6, 530);
    let mut pass = GpuPass::new(spec.clone(), &weights, &device).unwrap();
    let mut cache = pass.new_cache(530).unwrap();
    let hidden = forward(&mut pass, &tokens, &mut cache);
    let logits = pollster::block_on(pass.logits(&hidden, &[0, 511, 512, 529])).unwrap();
    let expected = reference::run(&spec, &weights, &tokens).logits;
    let wanted: Vec<f32> = [0, 511, 512, 529]
        .iter()
        .flat_map(|row| &expected[row * spec.vocabulary..][..spec.vocabulary])
        .copied()
        .collect();
    assert_close("pieces", &logits, &wanted);
}

#[test]
fn what_cannot_run_is_refused() {
    let Some(device) = gpu() else { return };
    let (_, spec, weights) = models().remove(0);
    let dense = weights_dense(&spec);
    assert!(GpuPass::suits(&weights) && !GpuPass::suits(&dense));
    let mut pass = GpuPass::new(spec.clone(), &weights, &device).unwrap();
    let other = GpuPass::new(spec.clone(), &weights, &device).unwrap();
    let mut cache = pass.new_cache(4).unwrap();
    let mut foreign = other.new_cache(4).unwrap();
    assert!(pass.new_cache(0).is_err());
    assert!(pass.new_cache(spec.context_length + 1).is_err());
    for tokens in [&[][..], &[83], &[1, 2, 3, 4, 5]] {
        let chunk = GpuChunk {
            tokens,
            cache: &mut cache,
        };
        assert!(pass.forward(&mut [chunk]).is_err(), "{tokens:?}");
    }
    let chunk = GpuChunk {
        tokens: &[1],
        cache: &mut foreign,
    };
    assert!(pass.forward(&mut [chunk]).is_err());
    assert_eq!(cache.length(), 0);
    let hidden = forward(&mut pass, &[1], &mut cache);
    assert!(pollster::block_on(pass.most_likely(&hidden, &[1])).is_err());
    assert!(pollster::block_on(pass.token_log_probabilities(&hidden, &[(0, 83)])).is_err());
}

fn weights_dense(spec: &DecoderSpec) -> Arc<DecoderWeights> {
    weights(spec, 1, Storage::Dense, true, true)
}
