//! One run of a prompt, in the browser or on the server: what arrived so far, and how fast.

use protocol::api::generate::StreamEvent;
use protocol::generation::{FinishReason, TokenLogprob};
use protocol::provenance::ModelProvenance;

use super::problem::Problem;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Phase {
    /// Nothing was run yet.
    #[default]
    Idle,
    /// The request is under way; in the browser the model may be fetched and loaded first.
    Waiting,
    /// Tokens arrive.
    Writing,
    /// It is over.
    Ended(FinishReason),
    /// It came to nothing.
    Failed(Problem),
}

/// A token as it was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Token id.
    pub id: u32,
    /// Text that became final with it; empty inside a character of several tokens.
    pub text: String,
    /// Natural logarithm of its probability.
    pub logprob: Option<f32>,
    /// The likeliest tokens here, best first.
    pub alternatives: Vec<TokenLogprob>,
}

/// A run. Times are milliseconds of the page's clock, taken when the events arrive, in the same way
/// for both places.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Counts the runs of a column, so that two of them are never mixed.
    pub number: u32,
    /// How far it is.
    pub phase: Phase,
    /// The text that was given.
    pub prompt: String,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<usize>,
    /// What was chosen so far.
    pub tokens: Vec<Token>,
    /// Text that came with the end.
    pub rest: String,
    /// What produces the text.
    pub provenance: Option<ModelProvenance>,
    /// When the model was ready and the request went out.
    pub started: f64,
    /// When the first token came.
    pub first_token: Option<f64>,
    /// When the last token came.
    pub last_token: Option<f64>,
}

impl Run {
    /// A run that begins now.
    pub fn begin(number: u32, prompt: String, now: f64) -> Self {
        Self {
            number,
            phase: Phase::Waiting,
            prompt,
            started: now,
            ..Self::default()
        }
    }

    /// Takes what arrived at that time.
    pub fn take(&mut self, event: StreamEvent, at: f64) {
        match event {
            StreamEvent::Start {
                prompt_tokens,
                provenance,
                ..
            } => {
                self.prompt_tokens = Some(prompt_tokens);
                self.provenance = Some(provenance);
            }
            StreamEvent::Token {
                token,
                text,
                logprob,
                alternatives,
            } => {
                self.phase = Phase::Writing;
                self.first_token.get_or_insert(at);
                self.last_token = Some(at);
                self.tokens.push(Token {
                    id: token,
                    text,
                    logprob,
                    alternatives,
                });
            }
            StreamEvent::Done {
                text,
                finish_reason,
                ..
            } => {
                self.rest = text;
                self.phase = Phase::Ended(finish_reason);
            }
            StreamEvent::Error { error } => self.phase = Phase::Failed(Problem::from(error)),
        }
    }

    /// The request is under way or tokens arrive.
    pub fn running(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Writing)
    }

    /// The text that continues the prompt.
    pub fn completion(&self) -> String {
        self.tokens
            .iter()
            .map(|token| token.text.as_str())
            .chain([self.rest.as_str()])
            .collect()
    }

    /// Token ids, as they were chosen.
    pub fn ids(&self) -> Vec<u32> {
        self.tokens.iter().map(|token| token.id).collect()
    }

    /// Milliseconds from the request to the first token.
    pub fn milliseconds_to_first(&self) -> Option<f64> {
        self.first_token.map(|first| first - self.started)
    }

    /// Tokens per second after the first one, which also pays for the prompt.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let seconds = (self.last_token? - self.first_token?) / 1000.0;
        let steps = self.tokens.len().checked_sub(1)?;
        (seconds > 0.0).then(|| steps as f64 / seconds)
    }
}
