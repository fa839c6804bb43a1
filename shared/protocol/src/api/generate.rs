//! `POST /api/generate`: one prompt continued, as one JSON object or as a stream of events.

use serde::{Deserialize, Serialize};

use super::error::ErrorDetail;
use crate::adapter::AdapterChoice;
use crate::generation::{FinishReason, SamplerSettings, TokenLogprob};
use crate::provenance::ModelProvenance;

/// A prompt and how to continue it. Only `prompt` is required.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct GenerateRequest {
    /// Model to use; the server's default model if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Text to continue.
    pub prompt: String,
    /// Most tokens to add.
    pub max_new_tokens: usize,
    /// 0 is greedy; otherwise logits are divided by it. At most 5.
    pub temperature: f32,
    /// Keep the k most likely tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep the smallest set of tokens whose probability reaches this; 1 keeps all.
    pub top_p: f32,
    /// Divides positive and multiplies negative logits of tokens already seen; 1 is off.
    pub repetition_penalty: f32,
    /// The same seed, prompt and settings give the same tokens on the same device.
    pub seed: u64,
    /// The completion ends before the first of these that appears in it.
    pub stop: Vec<String>,
    /// Report the log-probability of each token and of this many most likely alternatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<usize>,
    /// Do not stop at the model's end token.
    pub ignore_eos: bool,
    /// Send each token as it is chosen, as server-sent events.
    pub stream: bool,
    /// Adapter to apply beside the model's weights; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterChoice>,
}

impl Default for GenerateRequest {
    fn default() -> Self {
        let sampler = SamplerSettings::default();
        Self {
            model: None,
            prompt: String::new(),
            max_new_tokens: 50,
            temperature: sampler.temperature,
            top_k: sampler.top_k,
            top_p: sampler.top_p,
            repetition_penalty: sampler.repetition_penalty,
            seed: sampler.seed,
            stop: Vec::new(),
            logprobs: None,
            ignore_eos: false,
            stream: false,
            adapter: None,
        }
    }
}

impl GenerateRequest {
    /// The sampler's part of the request.
    pub fn sampler(&self) -> SamplerSettings {
        SamplerSettings {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            repetition_penalty: self.repetition_penalty,
            seed: self.seed,
        }
    }
}

/// A whole completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GenerateResponse {
    /// The text that continues the prompt.
    pub completion: String,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Tokens of the prompt, a begin token counted.
    pub prompt_tokens: usize,
    /// Tokens generated, an end token not counted.
    pub completion_tokens: usize,
    /// One entry per token, where log-probabilities were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenReport>,
    /// The seed that was used.
    pub seed: u64,
    /// What produced the text.
    pub provenance: ModelProvenance,
}

/// A chosen token with its likeliest alternatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenReport {
    /// The token that was chosen.
    pub chosen: TokenLogprob,
    /// The most likely tokens at this position, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<TokenLogprob>,
}

/// One server-sent event of a streamed generation. The event's name is the value of `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamEvent {
    /// The request has a place; the first token is being computed.
    Start {
        /// Tokens of the prompt, a begin token counted.
        prompt_tokens: usize,
        /// The seed that is used.
        seed: u64,
        /// What produces the text.
        provenance: ModelProvenance,
    },
    /// A token was chosen. `text` is what became final with it: it is empty while the text may be
    /// the beginning of a character or of a stop string.
    Token {
        /// Token id.
        token: u32,
        /// Text that became final.
        text: String,
        /// Present where log-probabilities were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logprob: Option<f32>,
        /// The most likely tokens at this position, best first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<TokenLogprob>,
    },
    /// The completion is whole; the last event.
    Done {
        /// Text that was held back and turned out not to be a stop string.
        text: String,
        /// Why it ended.
        finish_reason: FinishReason,
        /// Tokens generated, an end token not counted.
        completion_tokens: usize,
    },
    /// The generation failed or was ended by the server; the last event.
    Error {
        /// What went wrong.
        error: ErrorDetail,
    },
}

impl StreamEvent {
    /// The name under which the event is sent.
    pub fn name(&self) -> &'static str {
        match self {
            StreamEvent::Start { .. } => "start",
            StreamEvent::Token { .. } => "token",
            StreamEvent::Done { .. } => "done",
            StreamEvent::Error { .. } => "error",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_its_name_as_its_type() {
        let event = StreamEvent::Done {
            text: String::new(),
            finish_reason: FinishReason::Length,
            completion_tokens: 3,
        };
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["type"], event.name());
        assert_eq!(value["finish_reason"], "length");
        assert_eq!(serde_json::from_value::<StreamEvent>(value).unwrap(), event);
    }

    #[test]
    fn an_unknown_field_is_refused_and_absent_ones_have_defaults() {
        assert!(
            serde_json::from_str::<GenerateRequest>(r#"{"prompt":"a","temprature":1}"#).is_err()
        );
        let request: GenerateRequest = serde_json::from_str(r#"{"prompt":"a"}"#).unwrap();
        assert_eq!(request.sampler(), SamplerSettings::default());
        assert_eq!(request.max_new_tokens, 50);
    }
}
