//! The asker's end of a request.

use engine::generate::GenerationEvent;
use protocol::api::generate::TokenReport;
use protocol::generation::FinishReason;
use tokio::sync::{mpsc, oneshot};

use super::failure::Failure;

/// One sequence being generated. Dropping it cancels the sequence within one step.
#[derive(Debug)]
pub struct Generation {
    pub(super) events: mpsc::Receiver<Result<GenerationEvent, Failure>>,
    pub(super) prompt_tokens: usize,
    pub(super) ended: bool,
}

impl Generation {
    /// Tokens of the prompt.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt_tokens
    }

    /// The next event; nothing follows `Finished` or a failure.
    pub async fn next(&mut self) -> Option<Result<GenerationEvent, Failure>> {
        if self.ended {
            return None;
        }
        let event = self.events.recv().await;
        self.ended = !matches!(event, Some(Ok(GenerationEvent::Token { .. })));
        // A sender that goes without a last event means that the thread has ended.
        Some(event.unwrap_or(Err(Failure::ShuttingDown)))
    }

    /// Waits for the end and puts the events together.
    ///
    /// # Errors
    /// What ended the sequence before its end.
    pub async fn whole(mut self) -> Result<Completion, Failure> {
        let mut completion = String::new();
        let mut token_ids = Vec::new();
        let mut reports = Vec::new();
        while let Some(event) = self.next().await {
            match event? {
                GenerationEvent::Token {
                    token,
                    text,
                    logprob,
                    top_logprobs,
                } => {
                    completion.push_str(&text);
                    token_ids.push(token);
                    reports.extend(logprob.map(|chosen| TokenReport {
                        chosen,
                        alternatives: top_logprobs,
                    }));
                }
                GenerationEvent::Finished {
                    reason,
                    text,
                    prompt_tokens,
                    completion_tokens,
                } => {
                    completion.push_str(&text);
                    return Ok(Completion {
                        text: completion,
                        finish_reason: reason,
                        prompt_tokens,
                        completion_tokens,
                        token_ids,
                        reports,
                    });
                }
            }
        }
        Err(Failure::ShuttingDown)
    }
}

/// A sequence that came to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The text that continues the prompt.
    pub text: String,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Tokens of the prompt, a begin token counted.
    pub prompt_tokens: usize,
    /// Tokens generated, an end token not counted.
    pub completion_tokens: usize,
    /// Their ids.
    pub token_ids: Vec<u32>,
    /// One for each token, where log-probabilities were asked for.
    pub reports: Vec<TokenReport>,
}

/// A measurement under way. Dropping it cancels the measurement after its current piece.
#[derive(Debug)]
pub struct Measuring<T> {
    pub(super) result: oneshot::Receiver<Result<T, Failure>>,
}

impl<T> Measuring<T> {
    /// What was measured.
    ///
    /// # Errors
    /// Where the engine failed or was stopped.
    pub async fn finish(self) -> Result<T, Failure> {
        // A sender that is dropped unanswered means that the thread is gone.
        self.result.await.unwrap_or(Err(Failure::ShuttingDown))
    }
}
