//! Order of query and key rows. The converter of llama.cpp stores those of Llama so that the two
//! components that rotate together are neighbours (`convert_hf_to_gguf.py`, `LlamaModel.permute`);
//! Hugging Face, and with it PEFT, has one half of a head after the other.

use crate::adapter::Projection;
use crate::decoder::{DecoderSpec, RopePairing};

/// Whether the rows of this map have another order in the model than in Hugging Face's files.
fn differs(projection: Projection, spec: &DecoderSpec) -> bool {
    spec.rope_pairing == RopePairing::Interleaved
        && matches!(projection, Projection::Query | Projection::Key)
}

/// Rows of `width` values, from Hugging Face's order to the model's.
pub fn to_model(
    projection: Projection,
    spec: &DecoderSpec,
    values: Vec<f32>,
    width: usize,
) -> Vec<f32> {
    if !differs(projection, spec) {
        return values;
    }
    let mut result = Vec::with_capacity(values.len());
    for head in values.chunks_exact(spec.head_dim * width) {
        let (first, second) = head.split_at(head.len() / 2);
        for (first, second) in first.chunks_exact(width).zip(second.chunks_exact(width)) {
            result.extend_from_slice(first);
            result.extend_from_slice(second);
        }
    }
    result
}

/// Rows of `width` values, from the model's order to Hugging Face's.
pub fn to_hugging_face(
    projection: Projection,
    spec: &DecoderSpec,
    values: &[f32],
    width: usize,
) -> Vec<f32> {
    if !differs(projection, spec) {
        return values.to_vec();
    }
    let mut result = Vec::with_capacity(values.len());
    for head in values.chunks_exact(spec.head_dim * width) {
        for half in 0..2 {
            for row in head.chunks_exact(width).skip(half).step_by(2) {
                result.extend_from_slice(row);
            }
        }
    }
    result
}
