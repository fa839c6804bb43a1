//! Many rows go through the layers in pieces: the results are those of one token at a time.

use super::*;
use crate::decoder::{Activation, RopePairing};
use crate::general::tests::random::{self, Storage};

#[test]
fn a_batch_longer_than_a_piece_equals_one_token_at_a_time() {
    let spec = random::spec(Activation::GeluTanh, RopePairing::HalfSplit);
    let weights = random::weights(&spec, 4, Storage::Packed, true, true);
    let mut pass = FusedPass::new(spec.clone(), weights).unwrap();
    let sequences = [2 * ROWS + 50, 9, ROWS].map(|count| random::tokens(&spec, 6, count));
    let mut caches = sequences
        .each_ref()
        .map(|tokens| pass.new_cache(tokens.len()));
    let mut chunks: Vec<FusedChunk<'_>> = sequences
        .iter()
        .zip(&mut caches)
        .map(|(tokens, cache)| FusedChunk { tokens, cache })
        .collect();
    let together = pass.forward(&mut chunks).unwrap();
    let mut alone = Vec::new();
    for tokens in &sequences {
        let mut cache = pass.new_cache(tokens.len());
        for token in tokens {
            let tokens = std::slice::from_ref(token);
            let cache = &mut cache;
            alone.extend(pass.forward(&mut [FusedChunk { tokens, cache }]).unwrap());
        }
    }
    assert_eq!(together.len(), alone.len());
    for (index, (together, alone)) in together.iter().zip(&alone).enumerate() {
        assert!(
            (together - alone).abs() <= 1e-6 * (1.0 + alone.abs()),
            "value {index}: {together}, alone {alone}"
        );
    }
}
