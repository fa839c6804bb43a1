//! Llama (arXiv 2302.13971, 2307.09288; follows transformers' modeling_llama.py): SmolLM2, Llama 2
//! and every other checkpoint of the family without rotary scaling.

use super::check_layers;
use super::huggingface::{self, Config};
use crate::checkpoint::gguf::Metadata;
use crate::decoder::spec::rope_frequencies;
use crate::decoder::{Activation, DecoderSpec, LayerSpec, RopePairing};
use crate::error::CheckpointError;

const DEFAULT_ROPE_BASE: f32 = 10_000.0;

pub fn spec_from_gguf(
    metadata: &Metadata,
    vocabulary: usize,
) -> Result<DecoderSpec, CheckpointError> {
    let hidden = metadata.require_usize("llama.embedding_length")?;
    let heads = metadata.require_usize("llama.attention.head_count")?;
    let head_dim = match metadata.usize("llama.attention.key_length") {
        Some(head_dim) => head_dim,
        None => hidden
            .checked_div(heads)
            .ok_or_else(|| metadata.error("llama.attention.head_count", "must not be 0"))?,
    };
    if metadata
        .usize("llama.rope.dimension_count")
        .is_some_and(|rotated| rotated != head_dim)
    {
        return Err(metadata.error(
            "llama.rope.dimension_count",
            "partly rotated heads are not supported",
        ));
    }
    if metadata
        .str("llama.rope.scaling.type")
        .is_some_and(|kind| kind != "none")
    {
        return Err(metadata.error(
            "llama.rope.scaling.type",
            "scaled rotary positions are not supported",
        ));
    }
    let base = metadata
        .f32("llama.rope.freq_base")
        .unwrap_or(DEFAULT_ROPE_BASE);
    let layers = metadata.require_usize("llama.block_count")?;
    check_layers(metadata.file(), layers, head_dim)?;
    Ok(DecoderSpec {
        architecture: "llama".into(),
        hidden,
        heads,
        kv_heads: metadata
            .usize("llama.attention.head_count_kv")
            .unwrap_or(heads),
        head_dim,
        feed_forward: metadata.require_usize("llama.feed_forward_length")?,
        vocabulary,
        context_length: metadata.require_usize("llama.context_length")?,
        norm_epsilon: metadata.require_f32("llama.attention.layer_norm_rms_epsilon")?,
        embedding_scale: 1.0,
        attention_scale: 1.0 / (head_dim as f32).sqrt(),
        activation: Activation::Silu,
        // The converter permutes query and key rows so that rotating pairs are neighbours.
        rope_pairing: RopePairing::Interleaved,
        layers: layer_specs(layers, head_dim, base),
    })
}

pub fn spec_from_config(config: &Config) -> Result<DecoderSpec, CheckpointError> {
    config.refuse_unsupported()?;
    if config
        .hidden_act
        .as_deref()
        .is_some_and(|name| name != "silu")
    {
        return Err(huggingface::error("hidden_act", "Llama uses `silu`"));
    }
    let head_dim = config.head_dim()?;
    check_layers("config.json", config.num_hidden_layers, head_dim)?;
    let base = config
        .rope_base(None)?
        .or(config.rope_theta)
        .unwrap_or(DEFAULT_ROPE_BASE);
    Ok(DecoderSpec {
        architecture: "llama".into(),
        hidden: config.hidden_size,
        heads: config.num_attention_heads,
        kv_heads: config.kv_heads(),
        head_dim,
        feed_forward: config.intermediate_size,
        vocabulary: config.vocab_size,
        context_length: config.max_position_embeddings,
        norm_epsilon: config.rms_norm_eps,
        embedding_scale: 1.0,
        attention_scale: 1.0 / (head_dim as f32).sqrt(),
        activation: Activation::Silu,
        rope_pairing: RopePairing::HalfSplit,
        layers: layer_specs(config.num_hidden_layers, head_dim, base),
    })
}

fn layer_specs(layers: usize, head_dim: usize, base: f32) -> Vec<LayerSpec> {
    let layer = LayerSpec {
        rope_frequencies: rope_frequencies(base, head_dim),
        window: None,
    };
    vec![layer; layers]
}
