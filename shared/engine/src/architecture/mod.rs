//! One family, one file: how a checkpoint's header and tensor names become a decoder.

mod gemma3;
mod huggingface;
mod llama;
mod loader;

use crate::checkpoint::TensorStore;
use crate::checkpoint::gguf::Metadata;
use crate::decoder::{DecoderSpec, DecoderWeights};
use crate::error::{CheckpointError, EngineError};

use loader::Loader;
pub use loader::WeightFormat;
pub(crate) use loader::{Part, TensorNames};

/// The families that run, by the name GGUF gives them.
pub const SUPPORTED: [&str; 2] = ["gemma3", "llama"];

/// A decoder read from a file.
pub struct Decoder {
    /// Its shape.
    pub spec: DecoderSpec,
    /// Its weights.
    pub weights: DecoderWeights,
}

/// Reads a decoder from a GGUF file.
///
/// # Errors
/// For an unknown family, a missing or contradictory header field, a missing or misshapen tensor.
pub fn from_gguf(
    metadata: &Metadata,
    store: &dyn TensorStore,
    format: WeightFormat,
) -> Result<Decoder, EngineError> {
    let architecture = metadata.require_str("general.architecture")?;
    let vocabulary = metadata.require_strings("tokenizer.ggml.tokens")?.len();
    let spec = match architecture {
        "gemma3" => gemma3::spec_from_gguf(metadata, vocabulary)?,
        "llama" => llama::spec_from_gguf(metadata, vocabulary)?,
        other => return Err(unsupported(store.file(), other)),
    };
    validate(store.file(), &spec)?;
    let weights = Loader::new(store, &spec, format, TensorNames::Gguf).weights()?;
    Ok(Decoder { spec, weights })
}

/// Reads a decoder from a Hugging Face checkpoint: `config.json` and safetensors.
///
/// # Errors
/// As [`from_gguf`].
pub fn from_huggingface(
    config_json: &[u8],
    store: &dyn TensorStore,
    format: WeightFormat,
) -> Result<Decoder, EngineError> {
    let config = huggingface::Config::parse(config_json)?;
    let (spec, names) = match config.model_type.as_str() {
        "gemma3_text" => (
            gemma3::spec_from_config(&config)?,
            TensorNames::HuggingFaceGemma3,
        ),
        "llama" => (
            llama::spec_from_config(&config)?,
            TensorNames::HuggingFaceLlama,
        ),
        other => return Err(unsupported("config.json", other)),
    };
    validate("config.json", &spec)?;
    let weights = Loader::new(store, &spec, format, names).weights()?;
    Ok(Decoder { spec, weights })
}

fn unsupported(file: &str, name: &str) -> EngineError {
    EngineError::UnsupportedArchitecture {
        file: file.to_owned(),
        name: name.to_owned(),
        supported: SUPPORTED.join(", "),
    }
}

/// Most layers, and widest head, that a header may claim: both are multiplied before tensors are looked at.
const LARGEST_LAYERS: usize = 4096;
const LARGEST_HEAD: usize = 4096;

/// Checked before anything is allocated per layer.
fn check_layers(file: &str, layers: usize, head_dim: usize) -> Result<(), CheckpointError> {
    for (place, value, most) in [
        ("block_count", layers, LARGEST_LAYERS),
        ("attention.key_length", head_dim, LARGEST_HEAD),
    ] {
        if value == 0 || value > most {
            return Err(CheckpointError::new(
                file,
                place,
                format!("must be between 1 and {most}, is {value}"),
            ));
        }
    }
    Ok(())
}

/// Largest width and count that a header may claim; larger ones are refused before anything is allocated.
const LARGEST_WIDTH: usize = 1 << 20;

fn validate(file: &str, spec: &DecoderSpec) -> Result<(), CheckpointError> {
    let error = |place: &str, reason: String| Err(CheckpointError::new(file, place, reason));
    let widths = [
        ("embedding_length", spec.hidden),
        ("feed_forward_length", spec.feed_forward),
        ("attention.head_count", spec.heads),
        ("attention.head_count_kv", spec.kv_heads),
        ("context_length", spec.context_length),
        ("vocabulary", spec.vocabulary),
    ];
    for (place, value) in widths {
        let most = if place == "vocabulary" || place == "context_length" {
            LARGEST_WIDTH * 16
        } else {
            LARGEST_WIDTH
        };
        if value == 0 || value > most {
            return error(place, format!("must be between 1 and {most}, is {value}"));
        }
    }
    if !spec.heads.is_multiple_of(spec.kv_heads) {
        return error(
            "attention.head_count_kv",
            format!(
                "{} key/value heads do not divide {} query heads",
                spec.kv_heads, spec.heads
            ),
        );
    }
    if !spec.head_dim.is_multiple_of(2) {
        return error(
            "attention.key_length",
            format!("must be even, is {}", spec.head_dim),
        );
    }
    let numbers = [
        ("attention.layer_norm_rms_epsilon", spec.norm_epsilon),
        ("attention scale", spec.attention_scale),
        ("embedding scale", spec.embedding_scale),
    ];
    for (place, value) in numbers {
        if !(value.is_finite() && value > 0.0) {
            return error(place, format!("must be a positive number, is {value}"));
        }
    }
    for (index, layer) in spec.layers.iter().enumerate() {
        if layer.window == Some(0) {
            return error("attention.sliding_window", "must not be 0".into());
        }
        if layer.rope_frequencies.len() != spec.head_dim / 2
            || layer
                .rope_frequencies
                .iter()
                .any(|frequency| !frequency.is_finite())
        {
            return error(
                "rope.freq_base",
                format!("gives no usable frequencies for layer {index}"),
            );
        }
    }
    Ok(())
}
