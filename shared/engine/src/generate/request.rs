//! What a caller asks the generator for, and what comes back.

use protocol::FieldError;
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::generation::{
    FinishReason, MAX_NEW_TOKENS_LIMIT, STOP_STRINGS_LIMIT, SamplerSettings, TOP_LOGPROBS_LIMIT,
    TokenLogprob,
};

use super::processor::LogitsProcessor;
use crate::adapter::AppliedAdapter;

/// Text or ready-made tokens to continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// Tokenised by the model's tokenizer, with its begin token where the model wants one.
    Text(String),
    /// Used as they are.
    Tokens(Vec<u32>),
}

/// One sequence to generate.
pub struct GenerationRequest {
    /// What to continue.
    pub prompt: Prompt,
    /// Most tokens to add.
    pub max_new_tokens: usize,
    /// How tokens are chosen.
    pub sampler: SamplerSettings,
    /// The completion ends before the first of these that appears in it.
    pub stop: Vec<String>,
    /// Report log-probabilities of the chosen token and of this many most likely ones.
    pub logprobs: Option<usize>,
    /// Do not stop at the model's end token.
    pub ignore_eos: bool,
    /// Applied to the logits in order, before the sampler.
    pub processors: Vec<Box<dyn LogitsProcessor>>,
    /// Applied beside the weights, in the place of the model's own adapter if it has one.
    pub adapter: Option<AppliedAdapter>,
}

impl GenerationRequest {
    /// A request with defaults: greedy, 50 new tokens.
    pub fn new(prompt: Prompt) -> Self {
        Self {
            prompt,
            max_new_tokens: 50,
            sampler: SamplerSettings::default(),
            stop: Vec::new(),
            logprobs: None,
            ignore_eos: false,
            processors: Vec::new(),
            adapter: None,
        }
    }

    /// Refuses out-of-range settings by field name.
    pub fn validate(&self) -> Result<(), FieldError> {
        self.sampler.validate()?;
        if self.max_new_tokens == 0 || self.max_new_tokens > MAX_NEW_TOKENS_LIMIT {
            return Err(FieldError::new(
                "max_new_tokens",
                format!(
                    "must be between 1 and {MAX_NEW_TOKENS_LIMIT}, got {}",
                    self.max_new_tokens
                ),
            ));
        }
        if self.stop.len() > STOP_STRINGS_LIMIT {
            return Err(FieldError::new(
                "stop",
                format!(
                    "at most {STOP_STRINGS_LIMIT} strings, got {}",
                    self.stop.len()
                ),
            ));
        }
        if self.stop.iter().any(String::is_empty) {
            return Err(FieldError::new("stop", "a stop string must not be empty"));
        }
        if self.logprobs.is_some_and(|top| top > TOP_LOGPROBS_LIMIT) {
            return Err(FieldError::new(
                "logprobs",
                format!("at most {TOP_LOGPROBS_LIMIT} alternatives per token"),
            ));
        }
        let empty = match &self.prompt {
            Prompt::Text(text) => text.is_empty(),
            Prompt::Tokens(tokens) => tokens.is_empty(),
        };
        if empty {
            return Err(FieldError::new("prompt", "must not be empty"));
        }
        Ok(())
    }
}

/// Names a sequence inside one generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceId(pub u64);

/// What happened to a sequence in one step.
#[derive(Debug, Clone, PartialEq)]
pub enum GenerationEvent {
    /// A token was chosen. Text is held back while it may still be the beginning of a stop string
    /// or of a character, so `text` may be empty and may carry more than this token.
    Token {
        /// Token id.
        token: u32,
        /// Text that became final with this token.
        text: String,
        /// Present when the request asked for log-probabilities.
        logprob: Option<TokenLogprob>,
        /// The most likely tokens at this position, best first.
        top_logprobs: Vec<TokenLogprob>,
    },
    /// The sequence ended; nothing follows for it.
    Finished {
        /// Why.
        reason: FinishReason,
        /// Text that was held back and turned out not to be a stop string.
        text: String,
        /// Tokens of the prompt.
        prompt_tokens: usize,
        /// Tokens generated, an end token not counted.
        completion_tokens: usize,
    },
}

impl From<GenerateRequest> for GenerationRequest {
    /// What a request of the API asks of the engine; the names of model and adapter, and streaming,
    /// are its reader's business.
    fn from(request: GenerateRequest) -> Self {
        Self {
            sampler: request.sampler(),
            prompt: Prompt::Text(request.prompt),
            max_new_tokens: request.max_new_tokens,
            stop: request.stop,
            logprobs: request.logprobs,
            ignore_eos: request.ignore_eos,
            processors: Vec::new(),
            adapter: None,
        }
    }
}

impl From<GenerationEvent> for StreamEvent {
    /// The event as server and browser send it.
    fn from(event: GenerationEvent) -> Self {
        match event {
            GenerationEvent::Token {
                token,
                text,
                logprob,
                top_logprobs,
            } => StreamEvent::Token {
                token,
                text,
                logprob: logprob.map(|logprob| logprob.logprob),
                alternatives: top_logprobs,
            },
            GenerationEvent::Finished {
                reason,
                text,
                completion_tokens,
                ..
            } => StreamEvent::Done {
                text,
                finish_reason: reason,
                completion_tokens,
            },
        }
    }
}
