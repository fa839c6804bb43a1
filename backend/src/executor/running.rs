//! One sequence in the batch, seen from the worker.

use std::time::{Duration, Instant};

use engine::generate::GenerationEvent;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::counters::{Counters, add};
use super::failure::Failure;
use super::worker::Waiting;

/// A sequence whose events go to one reader.
pub(super) struct Running {
    events: mpsc::Sender<Result<GenerationEvent, Failure>>,
    /// Gives the place back when dropped.
    permit: OwnedSemaphorePermit,
    arrived: Instant,
    first_token: Option<Instant>,
    tokens: usize,
    slow_since: Option<Instant>,
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The reader has it, or will.
    Sent,
    /// Nobody reads any more.
    Deserted,
}

impl Running {
    /// Takes over from the queue.
    pub(super) fn new(waiting: WaitingReader) -> Self {
        Self {
            events: waiting.events,
            permit: waiting.permit,
            arrived: waiting.arrived,
            first_token: None,
            tokens: 0,
            slow_since: None,
        }
    }

    /// Nobody reads any more.
    pub(super) fn deserted(&self) -> bool {
        self.events.is_closed()
    }

    /// Passes a token on.
    pub(super) fn token(&mut self, event: GenerationEvent, counters: &Counters) -> Delivery {
        add(&counters.completion_tokens, 1);
        self.tokens += 1;
        if self.first_token.is_none() {
            self.first_token = Some(Instant::now());
            counters
                .first_token_seconds
                .observe(self.arrived.elapsed().as_secs_f64());
        }
        // The channel has room for every event of the request, so that only a closed one refuses.
        match self.events.try_send(Ok(event)) {
            Ok(()) => Delivery::Sent,
            Err(_) => Delivery::Deserted,
        }
    }

    /// More than `unread` events have been waiting for the reader for longer than `patience`.
    pub(super) fn too_slow(&mut self, unread: usize, patience: Duration) -> bool {
        let backlog = self.events.max_capacity() - self.events.capacity();
        if backlog <= unread {
            self.slow_since = None;
            return false;
        }
        self.slow_since.get_or_insert_with(Instant::now).elapsed() > patience
    }

    /// Passes the last event on. The place is free before the reader can know.
    pub(super) fn finish(self, event: GenerationEvent, counters: &Counters) {
        if let Some(first) = self.first_token.filter(|_| self.tokens > 1) {
            let seconds = first.elapsed().as_secs_f64().max(1e-9);
            counters
                .decode_rate
                .observe((self.tokens - 1) as f64 / seconds);
        }
        add(&counters.finished, 1);
        drop(self.permit);
        // A reader that has gone misses nothing.
        let _ = self.events.try_send(Ok(event));
    }

    /// Ends the sequence with a failure.
    pub(super) fn fail(self, failure: Failure, counters: &Counters) {
        add(&counters.failed, 1);
        drop(self.permit);
        // A reader that has gone misses nothing.
        let _ = self.events.try_send(Err(failure));
    }
}

/// What is left of a waiting request when the generator has taken its prompt.
pub(super) struct WaitingReader {
    pub(super) events: mpsc::Sender<Result<GenerationEvent, Failure>>,
    pub(super) permit: OwnedSemaphorePermit,
    pub(super) arrived: Instant,
}

impl Waiting {
    /// Ends the request before it began.
    pub(super) fn fail(self, failure: Failure, counters: &Counters) {
        let Waiting {
            events,
            permit,
            arrived,
            ..
        } = self;
        Running::new(WaitingReader {
            events,
            permit,
            arrived,
        })
        .fail(failure, counters);
    }
}
