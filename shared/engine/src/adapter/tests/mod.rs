//! Adapters as data.

mod runs;

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::decoder::{Activation, DecoderSpec, RopePairing};
use crate::general::tests::random;

pub(crate) fn spec() -> Arc<DecoderSpec> {
    random::spec(Activation::GeluTanh, RopePairing::HalfSplit)
}

pub(crate) fn config(modules: &[Projection]) -> LoraConfig {
    LoraConfig {
        rank: 4,
        alpha: 6.0,
        dropout: 0.05,
        target_modules: modules.iter().copied().collect(),
        base_model: Some("random".to_owned()),
    }
}

/// An adapter of all maps that changes what the model says.
pub(crate) fn trained(spec: &DecoderSpec, seed: u64) -> Adapter {
    let mut adapter = Adapter::initial(spec, config(&Projection::ALL), seed).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for factors in adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
    {
        factors.b = random::uniform(&mut rng, factors.b.len(), 0.3);
    }
    adapter
}

#[test]
fn names_go_both_ways() {
    for projection in Projection::ALL {
        assert_eq!(Projection::from_name(projection.name()), Some(projection));
    }
    assert_eq!(Projection::from_name("lm_head"), None);
}

#[test]
fn shapes_are_those_of_the_weights() {
    let spec = spec();
    let weights = random::weights(&spec, 1, random::Storage::Dense, true, true);
    for projection in Projection::ALL {
        let matrix = projection.weights(&weights.layers[0]);
        assert_eq!(projection.shape(&spec), (matrix.rows(), matrix.cols()));
    }
}

#[test]
fn an_initial_adapter_changes_nothing_and_repeats() {
    let spec = spec();
    let adapter = Adapter::initial(&spec, config(&Projection::ALL), 7).unwrap();
    adapter.check(&spec).unwrap();
    assert_eq!(adapter.scale(), 1.5);
    let down = &adapter.layers[2][&Projection::Down];
    assert_eq!((down.a.len(), down.b.len()), (4 * 96, 64 * 4));
    assert!(down.b.iter().all(|value| *value == 0.0));
    let reach = 1.0 / 96f32.sqrt();
    let largest = down
        .a
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(
        largest <= reach && largest > 0.9 * reach,
        "{largest} of {reach}"
    );
    let again = Adapter::initial(&spec, config(&Projection::ALL), 7).unwrap();
    assert_eq!(adapter, again);
    let other = Adapter::initial(&spec, config(&Projection::ALL), 8).unwrap();
    assert_ne!(adapter, other);
}

#[test]
fn fields_outside_their_range_are_named() {
    type Change = fn(&mut LoraConfig);
    let spec = spec();
    let wrong: [(&str, Change); 5] = [
        ("rank", |config| config.rank = 0),
        ("alpha", |config| config.alpha = f32::NAN),
        ("dropout", |config| config.dropout = 1.0),
        ("dropout", |config| config.dropout = f32::NAN),
        ("target_modules", |config| {
            config.target_modules = BTreeSet::new();
        }),
    ];
    for (field, change) in wrong {
        let mut config = config(&[Projection::Query]);
        change(&mut config);
        let error = Adapter::initial(&spec, config, 0).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn an_adapter_for_another_shape_is_refused() {
    let spec = spec();
    let adapter = Adapter::initial(&spec, config(&[Projection::Query]), 0).unwrap();
    let mut shallow = (*spec).clone();
    shallow.layers.pop();
    let error = adapter.check(&shallow).unwrap_err().to_string();
    assert!(error.contains("3 blocks, the model 2"), "{error}");
    let mut wide = (*spec).clone();
    wide.heads = 8;
    let error = adapter.check(&wide).unwrap_err().to_string();
    assert!(error.contains("lora_B of q_proj in block 0"), "{error}");
    let mut broken = adapter.clone();
    broken.layers[1].clear();
    let error = broken.check(&spec).unwrap_err().to_string();
    assert!(error.contains("block 1"), "{error}");
}
