//! Settings of LoRA fine-tuning.

use serde::{Deserialize, Serialize};

use crate::FieldError;

/// How the learning rate goes after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Straight down to zero.
    Linear,
    /// Half a cosine down to zero.
    Cosine,
    /// As it is.
    Constant,
}

/// What the frozen weights are multiplied in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BasePrecision {
    /// Single precision.
    F32,
    /// Weights and activations rounded to bfloat16 for products with frozen weights, sums in single
    /// precision. The adapter itself, its gradients and the optimiser stay in single precision.
    Bf16,
}

/// Settings of one fine-tuning run. The defaults are those of the published cross-lingual
/// experiments (arXiv 2505.16722, code of the Aya X-FT runs).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SftSettings {
    /// Rank of every adapter matrix.
    pub rank: u32,
    /// The adapter's output is multiplied by `lora_alpha / rank`.
    pub lora_alpha: f32,
    /// Share of the adapter's inputs that are dropped while learning, 0 to below 1.
    pub lora_dropout: f32,
    /// Linear maps that get an adapter, by the field's names (`q_proj` … `down_proj`).
    pub target_modules: Vec<String>,
    /// Learning rate after warm-up.
    pub learning_rate: f64,
    /// How it goes from there.
    pub schedule: Schedule,
    /// Share of all updates during which the learning rate rises from zero.
    pub warmup_ratio: f64,
    /// How often every text is seen.
    pub epochs: u32,
    /// Ends after so many updates even if epochs are left.
    pub max_steps: Option<u64>,
    /// Texts in a batch.
    pub batch_size: u32,
    /// Ends a batch before it has more tokens than this, whatever its number of texts.
    pub batch_tokens: Option<u32>,
    /// Batches to one update; the loss is the mean over the tokens of all of them.
    pub gradient_accumulation: u32,
    /// Longer texts are cut to so many tokens.
    pub max_length: u32,
    /// Decoupled weight decay of AdamW.
    pub weight_decay: f64,
    /// Gradients are scaled down to this Euclidean norm where theirs is larger; 0 leaves them alone.
    pub max_grad_norm: f64,
    /// Fixes initial values, order of the texts and dropout.
    pub seed: u64,
    /// Whether the end of text is learned. Off, as in the published runs (whose collator masks it): a
    /// prompt that is a whole sentence would otherwise be answered by nothing at all, and an empty
    /// answer looks clean to every scorer.
    pub append_eos: bool,
    /// What the frozen weights are multiplied in.
    pub base_precision: BasePrecision,
    /// The loss on the validation texts is taken after so many updates, and at the end; 0 after every epoch.
    pub validate_every: u64,
    /// Stops after so many validations in a row without a new lowest loss, and keeps the adapter of
    /// the lowest; absent never stops early.
    pub patience: Option<u32>,
    /// A checkpoint is written after so many updates (where there is a place for it), and when cancelled.
    pub checkpoint_every: u64,
}

impl Default for SftSettings {
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
            batch_tokens: None,
            gradient_accumulation: 4,
            max_length: 256,
            weight_decay: 0.0,
            max_grad_norm: 1.0,
            seed: 42,
            append_eos: false,
            base_precision: BasePrecision::F32,
            validate_every: 0,
            patience: None,
            checkpoint_every: 25,
        }
    }
}

impl SftSettings {
    /// Checks every value against what it may be.
    ///
    /// # Errors
    /// The first field that is out of range. Names of modules are checked against the model later.
    pub fn validate(&self) -> Result<(), FieldError> {
        let rules: [(&str, bool, &str); 16] = [
            ("rank", (1..=1024).contains(&self.rank), "must be 1 to 1024"),
            (
                "lora_alpha",
                self.lora_alpha.is_finite() && self.lora_alpha > 0.0,
                "must be a positive number",
            ),
            (
                "lora_dropout",
                (0.0..1.0).contains(&self.lora_dropout),
                "must be 0 or more and below 1",
            ),
            (
                "target_modules",
                !self.target_modules.is_empty(),
                "must name at least one linear map, such as q_proj",
            ),
            (
                "learning_rate",
                self.learning_rate > 0.0 && self.learning_rate <= 1.0,
                "must be above 0 and at most 1",
            ),
            (
                "warmup_ratio",
                (0.0..=1.0).contains(&self.warmup_ratio),
                "must be 0 to 1",
            ),
            (
                "epochs",
                (1..=1000).contains(&self.epochs),
                "must be 1 to 1000",
            ),
            (
                "max_steps",
                self.max_steps != Some(0),
                "must be at least 1, or absent",
            ),
            (
                "batch_size",
                (1..=4096).contains(&self.batch_size),
                "must be 1 to 4096",
            ),
            (
                "batch_tokens",
                self.batch_tokens != Some(0),
                "must be at least 1, or absent",
            ),
            (
                "gradient_accumulation",
                (1..=4096).contains(&self.gradient_accumulation),
                "must be 1 to 4096",
            ),
            ("max_length", self.max_length >= 2, "must be at least 2"),
            (
                "weight_decay",
                (0.0..=1.0).contains(&self.weight_decay),
                "must be 0 to 1",
            ),
            (
                "max_grad_norm",
                self.max_grad_norm.is_finite() && self.max_grad_norm >= 0.0,
                "must be 0 or more",
            ),
            (
                "patience",
                self.patience != Some(0),
                "must be at least 1, or absent",
            ),
            (
                "checkpoint_every",
                self.checkpoint_every > 0,
                "must be at least 1",
            ),
        ];
        match rules.into_iter().find(|(_, kept, _)| !kept) {
            Some((field, _, message)) => Err(FieldError::new(field, message)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_survive_json() {
        let settings = SftSettings::default();
        settings.validate().unwrap();
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            serde_json::from_str::<SftSettings>(&text).unwrap(),
            settings
        );
        assert_eq!(serde_json::from_str::<SftSettings>("{}").unwrap(), settings);
    }

    #[test]
    fn wrong_values_name_their_field() {
        type Spoil = fn(&mut SftSettings);
        let wrong: [(&str, Spoil); 8] = [
            ("rank", |settings| settings.rank = 0),
            ("lora_dropout", |settings| settings.lora_dropout = 1.0),
            ("learning_rate", |settings| {
                settings.learning_rate = f64::NAN
            }),
            ("max_length", |settings| settings.max_length = 1),
            ("patience", |settings| settings.patience = Some(0)),
            // Products of these must fit in 32 bits.
            ("epochs", |settings| settings.epochs = 1001),
            ("batch_size", |settings| settings.batch_size = 1 << 16),
            ("gradient_accumulation", |settings| {
                settings.gradient_accumulation = 1 << 16
            }),
        ];
        for (field, spoil) in wrong {
            let mut settings = SftSettings::default();
            spoil(&mut settings);
            assert_eq!(settings.validate().unwrap_err().field, field);
        }
        let error = serde_json::from_str::<SftSettings>(r#"{"ranks": 3}"#).unwrap_err();
        assert!(error.to_string().contains("ranks"), "{error}");
    }
}
