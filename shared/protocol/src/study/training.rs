//! How the adapters of a study are trained.

use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// To zero in a straight line.
    Linear,
    /// To zero along half a cosine.
    Cosine,
    /// Not at all.
    Constant,
}

/// LoRA fine-tuning on the neutral sentences, by the field's names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// Rank of the adapter.
    pub rank: usize,
    /// The adapter counts `lora_alpha / rank` times.
    pub lora_alpha: f32,
    /// Share of the adapter's inputs that a training step leaves out.
    pub lora_dropout: f32,
    /// Linear maps that get an adapter: `q_proj` … `down_proj`.
    pub target_modules: Vec<String>,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// How it falls.
    pub schedule: Schedule,
    /// Share of the steps in which it rises from zero.
    pub warmup_ratio: f64,
    /// Times that every sentence is seen.
    pub epochs: usize,
    /// Fewer steps than the epochs have.
    pub max_steps: Option<usize>,
    /// Sentences in a batch.
    pub batch_size: usize,
    /// Batches in an optimiser step.
    pub gradient_accumulation: usize,
    /// Tokens of a sentence; what is beyond is not trained on.
    pub max_length: usize,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm.
    pub max_grad_norm: f64,
}

impl Default for Training {
    /// The authors' X-FT run of Aya (code at 360ac5e).
    fn default() -> Self {
        Self {
            rank: 16,
            lora_alpha: 32.0,
            lora_dropout: 0.05,
            target_modules: ["q_proj", "k_proj", "v_proj", "o_proj"]
                .map(str::to_owned)
                .to_vec(),
            learning_rate: 2e-4,
            schedule: Schedule::Linear,
            warmup_ratio: 0.0,
            epochs: 10,
            max_steps: None,
            batch_size: 12,
            gradient_accumulation: 4,
            max_length: 256,
            weight_decay: 0.0,
            max_grad_norm: 1.0,
        }
    }
}
