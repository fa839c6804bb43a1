//! One prompt continued by a model: settings, result, finish reason.

use serde::{Deserialize, Serialize};

use crate::FieldError;

/// Most new tokens that one request may ask for.
pub const MAX_NEW_TOKENS_LIMIT: usize = 8192;
/// Most stop strings that one request may carry.
pub const STOP_STRINGS_LIMIT: usize = 16;
/// Most alternatives per position that one request may ask log-probabilities for.
pub const TOP_LOGPROBS_LIMIT: usize = 20;

/// How the next token is chosen from the logits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SamplerSettings {
    /// 0 is greedy; otherwise logits are divided by it. At most 5.
    pub temperature: f32,
    /// Keep the k most likely tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep the smallest set of tokens whose probability reaches this; 1 keeps all.
    pub top_p: f32,
    /// Divides positive and multiplies negative logits of tokens already seen (CTRL, arXiv 1909.05858 §4.1); 1 is off.
    pub repetition_penalty: f32,
    /// The same seed, prompt and settings give the same tokens on the same device.
    pub seed: u64,
}

impl Default for SamplerSettings {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            repetition_penalty: 1.0,
            seed: 42,
        }
    }
}

impl SamplerSettings {
    /// Refuses values outside their ranges, NaN and infinities included.
    pub fn validate(&self) -> Result<(), FieldError> {
        in_range("temperature", self.temperature, 0.0, 5.0)?;
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(FieldError::new(
                "top_p",
                format!("must be above 0 and at most 1, got {}", self.top_p),
            ));
        }
        in_range("repetition_penalty", self.repetition_penalty, 0.1, 10.0)
    }
}

fn in_range(field: &str, value: f32, low: f32, high: f32) -> Result<(), FieldError> {
    // Written so that NaN fails too.
    if value >= low && value <= high {
        Ok(())
    } else {
        Err(FieldError::new(
            field,
            format!("must be between {low} and {high}, got {value}"),
        ))
    }
}

/// Why a generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model emitted its end token, or a stop string appeared.
    Stop,
    /// `max_new_tokens` or the end of the context was reached.
    Length,
    /// The reader went away or asked to stop.
    Cancelled,
}

/// A token with its log-probability under the model (natural logarithm, before temperature and truncation).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenLogprob {
    /// Token id.
    pub token: u32,
    /// The token's own text; bytes that are not whole UTF-8 characters show as U+FFFD.
    pub text: String,
    /// Natural logarithm of its probability.
    pub logprob: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_every_field_has_both_bounds() {
        assert!(SamplerSettings::default().validate().is_ok());
        let broken = |change: fn(&mut SamplerSettings)| {
            let mut settings = SamplerSettings::default();
            change(&mut settings);
            settings.validate().map_err(|error| error.field)
        };
        assert_eq!(broken(|s| s.temperature = -0.1), Err("temperature".into()));
        assert_eq!(
            broken(|s| s.temperature = f32::NAN),
            Err("temperature".into())
        );
        assert_eq!(broken(|s| s.temperature = 5.1), Err("temperature".into()));
        assert_eq!(broken(|s| s.top_p = 0.0), Err("top_p".into()));
        assert_eq!(broken(|s| s.top_p = 1.1), Err("top_p".into()));
        assert_eq!(
            broken(|s| s.repetition_penalty = 0.0),
            Err("repetition_penalty".into())
        );
        assert_eq!(
            broken(|s| s.repetition_penalty = f32::INFINITY),
            Err("repetition_penalty".into())
        );
    }
}
