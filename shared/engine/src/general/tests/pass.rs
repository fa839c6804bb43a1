//! Numbers: against the reference, alone and together, at once and step by step.

use super::random::{spec, tokens, weights};
use super::*;
use crate::decoder::{Activation, RopePairing};

fn log_probability(logits: &[f32], token: usize) -> f32 {
    let total: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
    (f64::from(logits[token]) - total.ln()) as f32
}

/// Every family's shape, dense and packed, on every device: hidden states, logits, probabilities.
#[test]
fn equals_plain_loops() {
    for (device_name, device, _) in devices() {
        for (activation, pairing, extra_norms, tied) in [
            (Activation::GeluTanh, RopePairing::HalfSplit, true, true),
            (Activation::Silu, RopePairing::Interleaved, false, false),
        ] {
            for storage in [Storage::Dense, Storage::Packed] {
                let label = format!("{device_name} {activation:?} {storage:?}");
                let tolerance = model_tolerance(device_name, storage);
                let spec = spec(activation, pairing);
                let weights = weights(&spec, 7, storage, extra_norms, tied);
                // Longer than the window of 5.
                let tokens = tokens(&spec, 3, 19);
                let expected = reference::run(&spec, &weights, &tokens);
                let mut pass = pass(&spec, &weights, &device);
                let mut cache = pass.new_cache(24).unwrap();
                let mut chunks = [Chunk {
                    tokens: &tokens,
                    cache: &mut cache,
                }];
                let hidden = pollster::block_on(pass.forward(&mut chunks)).unwrap();
                assert_eq!(cache.length(), 19);
                let values: Vec<f32> = hidden.to_data().try_into_vec().unwrap();
                assert_close(&label, &values, &expected.hidden, tolerance);

                let rows = [18, 0, 7];
                let logits = pollster::block_on(pass.logits(&hidden, &rows)).unwrap();
                let wanted: Vec<f32> = rows
                    .iter()
                    .flat_map(|row| &expected.logits[row * 83..(row + 1) * 83])
                    .copied()
                    .collect();
                assert_close(&label, &logits, &wanted, tolerance);

                let targets = [(4usize, 82u32), (0, 0), (18, 11)];
                let got =
                    pollster::block_on(pass.token_log_probabilities(&hidden, &targets)).unwrap();
                let wanted: Vec<f32> = targets
                    .iter()
                    .map(|&(row, token)| {
                        log_probability(&expected.logits[row * 83..(row + 1) * 83], token as usize)
                    })
                    .collect();
                assert_close(&label, &got, &wanted, tolerance);
            }
        }
    }
}

#[test]
fn a_batch_of_different_lengths_equals_each_alone() {
    let spec = spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let weights = weights(&spec, 1, Storage::Packed, true, true);
    for (label, device, tolerance) in devices() {
        let mut pass = pass(&spec, &weights, &device);
        let texts: Vec<Vec<u32>> = [3, 17, 1, 9]
            .iter()
            .map(|&count| tokens(&spec, count as u64, count))
            .collect();
        let mut caches: Vec<Cache> = texts.iter().map(|_| pass.new_cache(70).unwrap()).collect();
        let mut chunks: Vec<Chunk<'_>> = texts
            .iter()
            .zip(&mut caches)
            .map(|(tokens, cache)| Chunk { tokens, cache })
            .collect();
        let together = pollster::block_on(pass.forward(&mut chunks)).unwrap();
        let together: Vec<f32> = together.into_data().try_into_vec().unwrap();
        let alone: Vec<f32> = texts
            .iter()
            .flat_map(|tokens| {
                let mut cache = pass.new_cache(70).unwrap();
                forward(&mut pass, tokens, &mut cache)
            })
            .collect();
        assert_close(label, &together, &alone, tolerance);
    }
}

#[test]
fn step_by_step_equals_at_once() {
    let spec = spec(Activation::Silu, RopePairing::Interleaved);
    let weights = weights(&spec, 2, Storage::Dense, false, false);
    let tokens = tokens(&spec, 5, 70);
    for (label, device, tolerance) in devices() {
        let mut pass = pass(&spec, &weights, &device);
        let mut cache = pass.new_cache(70).unwrap();
        let at_once = forward(&mut pass, &tokens, &mut cache);
        let mut cache = pass.new_cache(70).unwrap();
        // A prompt, then single tokens across the border of a key step at 64.
        let mut steps = forward(&mut pass, &tokens[..60], &mut cache);
        for token in tokens[60..].chunks(1) {
            steps.extend(forward(&mut pass, token, &mut cache));
        }
        assert_close(label, &steps, &at_once, tolerance);
    }
}

/// 600 tokens pass in two pieces; the order of rows and the window must survive that.
#[test]
fn long_chunks_go_in_pieces() {
    let spec = spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let weights = weights(&spec, 4, Storage::Dense, true, true);
    let (long, short) = (tokens(&spec, 6, 600), tokens(&spec, 8, 5));
    let mut pass = pass(&spec, &weights, &Device::flex());
    let mut caches = [pass.new_cache(600).unwrap(), pass.new_cache(8).unwrap()];
    let [first, second] = &mut caches;
    let mut chunks = [
        Chunk {
            tokens: &long,
            cache: first,
        },
        Chunk {
            tokens: &short,
            cache: second,
        },
    ];
    let hidden = pollster::block_on(pass.forward(&mut chunks)).unwrap();
    let hidden: Vec<f32> = hidden.into_data().try_into_vec().unwrap();
    let mut expected = reference::run(&spec, &weights, &long).hidden;
    expected.extend(reference::run(&spec, &weights, &short).hidden);
    assert_close("pieces", &hidden, &expected, 1e-4);
}

#[test]
fn a_truncated_cache_continues_differently() {
    let spec = spec(Activation::Silu, RopePairing::HalfSplit);
    let weights = weights(&spec, 9, Storage::Dense, false, true);
    let mut pass = pass(&spec, &weights, &Device::flex());
    let mut cache = pass.new_cache(10).unwrap();
    forward(&mut pass, &[1, 2, 3, 4, 5], &mut cache);
    cache.truncate(3);
    let mut copy = cache.clone();
    let continued = forward(&mut pass, &[60, 61], &mut cache);
    let mut fresh = pass.new_cache(10).unwrap();
    let whole = forward(&mut pass, &[1, 2, 3, 60, 61], &mut fresh);
    assert_close("truncated", &continued, &whole[3 * 64..], 1e-5);
    // The copy still stands where it was made.
    let other = forward(&mut pass, &[7], &mut copy);
    let mut fresh = pass.new_cache(10).unwrap();
    let whole = forward(&mut pass, &[1, 2, 3, 7], &mut fresh);
    assert_close("copy", &other, &whole[3 * 64..], 1e-5);
}
