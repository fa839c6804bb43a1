//! The asker's end of a request.

use engine::generate::GenerationEvent;
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
