//! Small models with seeded random weights.

use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::decoder::spec::rope_frequencies;
use crate::decoder::{
    Activation, DecoderSpec, DecoderWeights, DenseMatrix, LayerSpec, LayerWeights, Matrix,
    RopePairing,
};
use crate::kernels::packed::{BLOCK, Bits, BlockValues, GROUP, PackedMatrix, ScaleSpan};

/// How the matrices of a random model are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Dense,
    /// All four packed kinds, by turns.
    Packed,
}

pub(crate) fn uniform(rng: &mut ChaCha8Rng, count: usize, reach: f32) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-reach..reach))
        .collect()
}

pub(crate) fn packed(
    rng: &mut ChaCha8Rng,
    rows: usize,
    cols: usize,
    bits: Bits,
    with_minimums: bool,
) -> PackedMatrix {
    let groups = rows.div_ceil(GROUP);
    let blocks = cols / BLOCK;
    let quants = (0..groups * blocks * bits.block_bytes())
        .map(|_| rng.random())
        .collect();
    let (levels, zero_point) = match bits {
        Bits::Four => (16.0, 8),
        Bits::Eight => (256.0, 128),
    };
    let reach = 2.0 / (levels * (cols as f32).sqrt());
    let count = groups * blocks * GROUP;
    // Half of them as Q6_K has them.
    let span = if bits == Bits::Eight && !with_minimums && rng.random() {
        ScaleSpan::HalfBlock
    } else {
        ScaleSpan::Block
    };
    // Half precision in one matrix, single in the other, as checkpoints have them.
    let scales = uniform(rng, count * span.per_block(), reach);
    let scales = match bits {
        Bits::Four => BlockValues::Half(scales.into_iter().map(half::f16::from_f32).collect()),
        Bits::Eight => BlockValues::Single(scales),
    };
    PackedMatrix {
        rows,
        cols,
        bits,
        zero_point: if with_minimums { 0 } else { zero_point },
        span,
        quants,
        scales,
        minimums: with_minimums
            .then(|| BlockValues::Single(uniform(rng, count, reach * levels / 2.0))),
    }
}

/// A model of three layers: a window of 5, then everything, then the window with another base.
pub(crate) fn spec(activation: Activation, rope_pairing: RopePairing) -> Arc<DecoderSpec> {
    let head_dim = 16;
    let layer = |base: f32, window: Option<usize>| LayerSpec {
        rope_frequencies: rope_frequencies(base, head_dim),
        window,
    };
    Arc::new(DecoderSpec {
        architecture: "random".to_owned(),
        hidden: 64,
        heads: 4,
        kv_heads: 2,
        head_dim,
        feed_forward: 96,
        vocabulary: 83,
        context_length: 2048,
        norm_epsilon: 1e-6,
        embedding_scale: 8.0,
        attention_scale: 0.25,
        activation,
        rope_pairing,
        layers: vec![
            layer(10_000.0, Some(5)),
            layer(1_000_000.0, None),
            layer(10_000.0, Some(5)),
        ],
    })
}

/// Weights for `spec`; `extra_norms` as Gemma has them, `tied` a head that is the embedding.
pub(crate) fn weights(
    spec: &DecoderSpec,
    seed: u64,
    storage: Storage,
    extra_norms: bool,
    tied: bool,
) -> Arc<DecoderWeights> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut kind = 0;
    let mut matrix = |rng: &mut ChaCha8Rng, rows: usize, cols: usize| match storage {
        Storage::Dense => Matrix::Dense(DenseMatrix {
            rows,
            cols,
            values: uniform(rng, rows * cols, 2.0 / (cols as f32).sqrt()),
        }),
        Storage::Packed => {
            kind += 1;
            let bits = if kind % 2 == 0 {
                Bits::Four
            } else {
                Bits::Eight
            };
            Matrix::Packed(packed(rng, rows, cols, bits, kind / 2 % 2 == 0))
        }
    };
    let norm = |rng: &mut ChaCha8Rng, width: usize| -> Vec<f32> {
        (0..width).map(|_| rng.random_range(0.5..1.5)).collect()
    };
    let embedding = Arc::new(matrix(&mut rng, spec.vocabulary, spec.hidden));
    let output = if tied {
        embedding.clone()
    } else {
        Arc::new(matrix(&mut rng, spec.vocabulary, spec.hidden))
    };
    let (queries, keys) = (spec.query_width(), spec.kv_width());
    let layers = spec
        .layers
        .iter()
        .map(|_| LayerWeights {
            attention_norm: norm(&mut rng, spec.hidden),
            q_proj: matrix(&mut rng, queries, spec.hidden),
            k_proj: matrix(&mut rng, keys, spec.hidden),
            v_proj: matrix(&mut rng, keys, spec.hidden),
            o_proj: matrix(&mut rng, spec.hidden, queries),
            q_norm: extra_norms.then(|| norm(&mut rng, spec.head_dim)),
            k_norm: extra_norms.then(|| norm(&mut rng, spec.head_dim)),
            post_attention_norm: extra_norms.then(|| norm(&mut rng, spec.hidden)),
            feed_forward_norm: norm(&mut rng, spec.hidden),
            gate_proj: matrix(&mut rng, spec.feed_forward, spec.hidden),
            up_proj: matrix(&mut rng, spec.feed_forward, spec.hidden),
            down_proj: matrix(&mut rng, spec.hidden, spec.feed_forward),
            post_feed_forward_norm: extra_norms.then(|| norm(&mut rng, spec.hidden)),
        })
        .collect();
    Arc::new(DecoderWeights {
        embedding,
        output,
        final_norm: norm(&mut rng, spec.hidden),
        layers,
    })
}

/// Tokens of the vocabulary, seeded.
pub(crate) fn tokens(spec: &DecoderSpec, seed: u64, count: usize) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| rng.random_range(0..spec.vocabulary as u32))
        .collect()
}
