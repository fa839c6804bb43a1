//! `config.json` of a Hugging Face checkpoint: the fields that the supported families need.

use serde::Deserialize;

use crate::error::CheckpointError;

/// Fields are named as in the file.
#[derive(Debug, Deserialize)]
pub struct Config {
    pub model_type: String,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub num_key_value_heads: Option<usize>,
    pub head_dim: Option<usize>,
    pub max_position_embeddings: usize,
    pub rms_norm_eps: f32,
    pub hidden_act: Option<String>,
    pub hidden_activation: Option<String>,
    pub query_pre_attn_scalar: Option<f32>,
    pub sliding_window: Option<usize>,
    pub layer_types: Option<Vec<String>>,
    pub sliding_window_pattern: Option<usize>,
    pub rope_theta: Option<f32>,
    pub rope_local_base_freq: Option<f32>,
    pub rope_scaling: Option<serde_json::Value>,
    /// Newer files keep all rotary settings here, Gemma's by layer type.
    pub rope_parameters: Option<serde_json::Value>,
    pub attention_bias: Option<bool>,
    pub mlp_bias: Option<bool>,
    pub final_logit_softcapping: Option<f32>,
    pub attn_logit_softcapping: Option<f32>,
}

/// An error in `config.json`.
pub fn error(place: &str, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::new("config.json", place, reason)
}

impl Config {
    pub fn parse(json: &[u8]) -> Result<Self, CheckpointError> {
        let value: serde_json::Value =
            serde_json::from_slice(json).map_err(|source| error("document", source.to_string()))?;
        // A multimodal checkpoint keeps the language model's settings in a section of their own.
        let text = match value.get("text_config") {
            Some(text) => text.clone(),
            None => value,
        };
        serde_json::from_value(text).map_err(|source| error("document", source.to_string()))
    }

    pub fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    pub fn head_dim(&self) -> Result<usize, CheckpointError> {
        match self.head_dim {
            Some(head_dim) => Ok(head_dim),
            None => self
                .hidden_size
                .checked_div(self.num_attention_heads)
                .ok_or_else(|| error("num_attention_heads", "must not be 0")),
        }
    }

    /// Refuses what the engine would otherwise silently ignore.
    pub fn refuse_unsupported(&self) -> Result<(), CheckpointError> {
        let set = |value: Option<bool>| value == Some(true);
        if set(self.attention_bias) || set(self.mlp_bias) {
            return Err(error(
                "attention_bias",
                "projections with a bias are not supported",
            ));
        }
        if self.final_logit_softcapping.is_some() || self.attn_logit_softcapping.is_some() {
            return Err(error(
                "final_logit_softcapping",
                "soft capping is not supported",
            ));
        }
        Ok(())
    }

    /// Rotary base of a layer type (`full_attention`, `sliding_attention`), or of the whole model.
    pub fn rope_base(&self, layer_type: Option<&str>) -> Result<Option<f32>, CheckpointError> {
        if let Some(scaling) = &self.rope_scaling
            && !scaling.is_null()
        {
            refuse_scaling("rope_scaling", scaling)?;
        }
        let Some(parameters) = &self.rope_parameters else {
            return Ok(None);
        };
        let section = match layer_type.and_then(|name| parameters.get(name)) {
            Some(section) => section,
            None => parameters,
        };
        refuse_scaling("rope_parameters", section)?;
        Ok(section
            .get("rope_theta")
            .and_then(serde_json::Value::as_f64)
            .map(|base| base as f32))
    }
}

fn refuse_scaling(place: &str, section: &serde_json::Value) -> Result<(), CheckpointError> {
    let kind = section
        .get("rope_type")
        .or_else(|| section.get("type"))
        .and_then(serde_json::Value::as_str)
        .unwrap_or("default");
    if kind == "default" {
        Ok(())
    } else {
        Err(error(
            place,
            format!("rope type `{kind}` is not supported, only `default`"),
        ))
    }
}
