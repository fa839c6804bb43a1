//! What the pass refuses, and that a refusal leaves everything as it was.

use super::random::{spec, weights};
use super::*;
use crate::EngineError;
use crate::decoder::{Activation, RopePairing};

fn small() -> GeneralPass {
    let spec = spec(Activation::Silu, RopePairing::HalfSplit);
    let weights = weights(&spec, 1, Storage::Dense, false, true);
    pass(&spec, &weights, &Device::flex())
}

#[test]
fn impossible_chunks_are_refused_and_change_nothing() {
    let mut pass = small();
    let mut cache = pass.new_cache(4).unwrap();
    let mut refuse = |tokens: &[u32]| {
        let cache = &mut cache;
        pollster::block_on(pass.forward(&mut [Chunk { tokens, cache }])).unwrap_err()
    };
    assert_eq!(
        refuse(&[1, 83]),
        EngineError::TokenOutOfRange {
            token: 83,
            vocabulary: 83
        }
    );
    assert_eq!(
        refuse(&[1, 2, 3, 4, 5]),
        EngineError::ContextOverflow {
            field: "cache".to_owned(),
            tokens: 5,
            context: 4
        }
    );
    assert!(refuse(&[]).to_string().contains("chunk 0 has no tokens"));
    assert_eq!(cache.length(), 0);
    assert!(pollster::block_on(pass.forward(&mut [])).is_err());
}

#[test]
fn impossible_rows_targets_and_capacities_are_refused() {
    let mut pass = small();
    assert!(pass.new_cache(0).is_err());
    assert!(pass.new_cache(2049).is_err());
    let mut cache = pass.new_cache(4).unwrap();
    let hidden = pollster::block_on(pass.forward(&mut [Chunk {
        tokens: &[1, 2],
        cache: &mut cache,
    }]))
    .unwrap();
    assert!(pollster::block_on(pass.logits(&hidden, &[2])).is_err());
    assert!(pollster::block_on(pass.token_log_probabilities(&hidden, &[(0, 83)])).is_err());
    assert!(pollster::block_on(pass.token_log_probabilities(&hidden, &[(2, 0)])).is_err());
    assert!(
        pollster::block_on(pass.logits(&hidden, &[]))
            .unwrap()
            .is_empty()
    );
}
