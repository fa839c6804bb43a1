//! Models with an adapter: beside the weights, and merged into them.

use super::*;
use crate::decoder::{DecoderWeights, DenseMatrix, Matrix};
use crate::fused::{FusedChunk, FusedPass};
use crate::general::tests::{devices, random::Storage, reference};
use crate::general::{Chunk, GeneralPass};

const TOKENS: usize = 19;

fn applied(adapter: &Adapter, strength: f32) -> AppliedAdapter {
    AppliedAdapter::new(Arc::new(adapter.clone()), strength).unwrap()
}

fn fused(
    spec: &Arc<DecoderSpec>,
    weights: &Arc<DecoderWeights>,
    adapter: Option<&AppliedAdapter>,
) -> Vec<f32> {
    let pass = FusedPass::new(spec.clone(), weights.clone()).unwrap();
    let mut pass = match adapter {
        Some(adapter) => pass.with_adapter(adapter),
        None => pass,
    };
    let tokens = random::tokens(spec, 3, TOKENS);
    let mut cache = pass.new_cache(TOKENS);
    let (prompt, rest) = tokens.split_at(12);
    let mut hidden = Vec::new();
    for tokens in std::iter::once(prompt).chain(rest.chunks(1)) {
        let cache = &mut cache;
        hidden.extend(pass.forward(&mut [FusedChunk { tokens, cache }]).unwrap());
    }
    hidden
}

fn general(
    spec: &Arc<DecoderSpec>,
    weights: &Arc<DecoderWeights>,
    adapter: Option<&AppliedAdapter>,
    device: &burn::tensor::Device,
) -> Vec<f32> {
    let pass = GeneralPass::new(spec.clone(), weights.clone(), device).unwrap();
    let mut pass = match adapter {
        Some(adapter) => pass.with_adapter(adapter),
        None => pass,
    };
    let tokens = random::tokens(spec, 3, TOKENS);
    let mut cache = pass.new_cache(TOKENS).unwrap();
    let mut chunks = [Chunk {
        tokens: &tokens,
        cache: &mut cache,
    }];
    let hidden = pollster::block_on(pass.forward(&mut chunks)).unwrap();
    hidden.into_data().try_into_vec().unwrap()
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter()
        .zip(right)
        .map(|(left, right)| (left - right).abs() / (1.0 + right.abs()))
        .fold(0.0, f32::max)
}

#[test]
fn beside_packed_weights_it_is_what_it_is_merged() {
    for pairing in [RopePairing::HalfSplit, RopePairing::Interleaved] {
        let spec = random::spec(Activation::GeluTanh, pairing);
        let weights = random::weights(&spec, 5, Storage::Packed, true, true);
        let adapter = trained(&spec, 1);
        let tokens = random::tokens(&spec, 3, TOKENS);
        let base = fused(&spec, &weights, None);
        for strength in [0.25, 1.0, 1.5] {
            let beside = fused(&spec, &weights, Some(&applied(&adapter, strength)));
            let merged = merged(&weights, &adapter, strength);
            let expected = reference::run(&spec, &merged, &tokens).hidden;
            // The packed kernels round activations to fifteen bits.
            assert!(distance(&beside, &expected) < 5e-3, "{strength}");
            assert!(distance(&beside, &base) > 0.02, "{strength}");
        }
    }
}

#[test]
fn in_burn_operations_it_is_what_it_is_merged() {
    let spec = random::spec(Activation::Silu, RopePairing::HalfSplit);
    let adapter = trained(&spec, 2);
    for storage in [Storage::Dense, Storage::Packed] {
        let weights = random::weights(&spec, 5, storage, false, false);
        let merged = Arc::new(merged(&weights, &adapter, 0.8));
        let beside = applied(&adapter, 0.8);
        for (name, device, _) in devices() {
            let beside = general(&spec, &weights, Some(&beside), &device);
            let merged = general(&spec, &merged, None, &device);
            let tolerance = match (name, storage) {
                ("cpu", Storage::Packed) => 5e-3,
                _ => 1e-4,
            };
            let distance = distance(&beside, &merged);
            assert!(distance < tolerance, "{name} {storage:?}: {distance}");
        }
    }
}

#[test]
fn only_the_maps_that_it_names_become_dense() {
    let spec = spec();
    let weights = random::weights(&spec, 5, Storage::Packed, true, true);
    let adapter = Adapter::initial(&spec, config(&[Projection::Value]), 1).unwrap();
    let merged = merged(&weights, &adapter, 1.0);
    assert_eq!(merged.layers[0].q_proj, weights.layers[0].q_proj);
    assert_eq!(
        merged.layers[0].v_proj,
        Matrix::Dense(DenseMatrix {
            rows: 32,
            cols: 64,
            values: weights.layers[0].v_proj.to_dense(),
        })
    );
}

#[test]
fn strengths_outside_their_range_are_refused() {
    let spec = spec();
    let adapter = Arc::new(trained(&spec, 1));
    for strength in [-0.1, 1.6, f32::NAN] {
        let error = AppliedAdapter::new(adapter.clone(), strength).unwrap_err();
        assert!(error.to_string().contains("adapter.strength"), "{error}");
    }
}

/// A Llama GGUF has its query and key rows in another order than the checkpoint it was made from;
/// the same file of an adapter does the same to both.
#[test]
fn one_file_fits_both_orders_of_rows() {
    let halves = random::spec(Activation::Silu, RopePairing::HalfSplit);
    let neighbours = random::spec(Activation::Silu, RopePairing::Interleaved);
    let weights = random::weights(&halves, 9, Storage::Dense, false, false);
    let mut permuted = merged(&weights, &trained(&halves, 1), 0.0);
    for layer in &mut permuted.layers {
        for matrix in [&mut layer.q_proj, &mut layer.k_proj] {
            // Written here as llama.cpp's converter has it: row 2i + s of a head is row i + s · half.
            let dense = matrix.to_dense();
            let (rows, cols) = (matrix.rows(), matrix.cols());
            let half = halves.head_dim / 2;
            let values = (0..rows).flat_map(|row| {
                let (head, within) = (row / halves.head_dim, row % halves.head_dim);
                let from = head * halves.head_dim + within / 2 + within % 2 * half;
                dense[from * cols..(from + 1) * cols].to_vec()
            });
            *matrix = Matrix::Dense(DenseMatrix {
                rows,
                cols,
                values: values.collect(),
            });
        }
    }
    let permuted = Arc::new(permuted);
    let device = burn::tensor::Device::flex();
    let bases = [
        general(&halves, &weights, None, &device),
        general(&neighbours, &permuted, None, &device),
    ];
    assert!(distance(&bases[0], &bases[1]) < 1e-5);

    let written = trained(&halves, 4);
    let config = written.peft_config();
    let bytes = written.peft_tensors(&halves);
    let file = crate::checkpoint::MemorySource::new("adapter_model.safetensors", bytes.clone());
    let ours = Adapter::from_peft(config.as_bytes(), &file, &halves).unwrap();
    let theirs = Adapter::from_peft(config.as_bytes(), &file, &neighbours).unwrap();
    assert_eq!(ours, written);
    assert_ne!(ours, theirs);
    assert_eq!(theirs.peft_tensors(&neighbours), bytes);
    let results = [
        general(&halves, &weights, Some(&applied(&ours, 1.0)), &device),
        general(
            &neighbours,
            &permuted,
            Some(&applied(&theirs, 1.0)),
            &device,
        ),
    ];
    assert!(distance(&results[0], &results[1]) < 1e-5);
    assert!(distance(&results[0], &bases[0]) > 0.02);
}
