//! Gemma 3, text only (arXiv 2503.19786; follows transformers' modeling_gemma3.py): four norms a
//! layer, normed queries and keys, five local layers with a sliding window to each global one.

use super::check_layers;
use super::huggingface::{self, Config};
use crate::checkpoint::gguf::Metadata;
use crate::decoder::spec::rope_frequencies;
use crate::decoder::{Activation, DecoderSpec, LayerSpec, RopePairing};
use crate::error::CheckpointError;

/// Rotary base of the local layers; GGUF files do not carry it.
const LOCAL_ROPE_BASE: f32 = 10_000.0;
/// Every sixth layer is global.
const GLOBAL_EVERY: usize = 6;

pub fn spec_from_gguf(
    metadata: &Metadata,
    vocabulary: usize,
) -> Result<DecoderSpec, CheckpointError> {
    let hidden = metadata.require_usize("gemma3.embedding_length")?;
    let head_dim = metadata.require_usize("gemma3.attention.key_length")?;
    let base = metadata.require_f32("gemma3.rope.freq_base")?;
    let window = metadata.require_usize("gemma3.attention.sliding_window")?;
    if metadata
        .str("gemma3.rope.scaling.type")
        .is_some_and(|kind| kind != "none")
    {
        return Err(metadata.error(
            "gemma3.rope.scaling.type",
            "scaled rotary positions are not supported",
        ));
    }
    if metadata.f32("gemma3.final_logit_softcapping").is_some() {
        return Err(metadata.error(
            "gemma3.final_logit_softcapping",
            "soft capping is not supported",
        ));
    }
    let layers = metadata.require_usize("gemma3.block_count")?;
    check_layers(metadata.file(), layers, head_dim)?;
    let global = |layer: usize| (layer + 1).is_multiple_of(GLOBAL_EVERY);
    Ok(DecoderSpec {
        architecture: "gemma3".into(),
        hidden,
        heads: metadata.require_usize("gemma3.attention.head_count")?,
        kv_heads: metadata.require_usize("gemma3.attention.head_count_kv")?,
        head_dim,
        feed_forward: metadata.require_usize("gemma3.feed_forward_length")?,
        vocabulary,
        context_length: metadata.require_usize("gemma3.context_length")?,
        norm_epsilon: metadata.require_f32("gemma3.attention.layer_norm_rms_epsilon")?,
        embedding_scale: (hidden as f32).sqrt(),
        attention_scale: 1.0 / (head_dim as f32).sqrt(),
        activation: Activation::GeluTanh,
        rope_pairing: RopePairing::HalfSplit,
        layers: layer_specs(layers, head_dim, base, LOCAL_ROPE_BASE, window, global),
    })
}

pub fn spec_from_config(config: &Config) -> Result<DecoderSpec, CheckpointError> {
    config.refuse_unsupported()?;
    let activation = config
        .hidden_activation
        .as_deref()
        .or(config.hidden_act.as_deref());
    if activation.is_some_and(|name| name != "gelu_pytorch_tanh") {
        return Err(huggingface::error(
            "hidden_activation",
            "Gemma 3 uses `gelu_pytorch_tanh`",
        ));
    }
    let head_dim = config.head_dim()?;
    let base = config
        .rope_base(Some("full_attention"))?
        .or(config.rope_theta)
        .unwrap_or(1_000_000.0);
    let local = config
        .rope_base(Some("sliding_attention"))?
        .or(config.rope_local_base_freq)
        .unwrap_or(LOCAL_ROPE_BASE);
    let window = config
        .sliding_window
        .ok_or_else(|| huggingface::error("sliding_window", "is missing"))?;
    let layers = config.num_hidden_layers;
    check_layers("config.json", layers, head_dim)?;
    if let Some(types) = &config.layer_types
        && types.len() != layers
    {
        return Err(huggingface::error(
            "layer_types",
            format!("{} entries for {layers} layers", types.len()),
        ));
    }
    let every = config.sliding_window_pattern.unwrap_or(GLOBAL_EVERY).max(1);
    let global = |layer: usize| match &config.layer_types {
        Some(types) => types[layer] == "full_attention",
        None => (layer + 1).is_multiple_of(every),
    };
    Ok(DecoderSpec {
        architecture: "gemma3".into(),
        hidden: config.hidden_size,
        heads: config.num_attention_heads,
        kv_heads: config.kv_heads(),
        head_dim,
        feed_forward: config.intermediate_size,
        vocabulary: config.vocab_size,
        context_length: config.max_position_embeddings,
        norm_epsilon: config.rms_norm_eps,
        embedding_scale: (config.hidden_size as f32).sqrt(),
        attention_scale: 1.0
            / config
                .query_pre_attn_scalar
                .unwrap_or(head_dim as f32)
                .sqrt(),
        activation: Activation::GeluTanh,
        rope_pairing: RopePairing::HalfSplit,
        layers: layer_specs(layers, head_dim, base, local, window, global),
    })
}

fn layer_specs(
    layers: usize,
    head_dim: usize,
    global_base: f32,
    local_base: f32,
    window: usize,
    global: impl Fn(usize) -> bool,
) -> Vec<LayerSpec> {
    (0..layers)
        .map(|layer| {
            let (base, window) = if global(layer) {
                (global_base, None)
            } else {
                (local_base, Some(window))
            };
            LayerSpec {
                rope_frequencies: rope_frequencies(base, head_dim),
                window,
            }
        })
        .collect()
}
