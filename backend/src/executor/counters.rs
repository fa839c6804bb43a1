//! What the executor has done so far, readable from any thread.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// Counts since the model was loaded. All relaxed: readers need no order between them.
#[derive(Debug)]
pub struct Counters {
    pub(super) running: AtomicUsize,
    pub(super) waiting: AtomicUsize,
    pub(super) prompt_tokens: AtomicU64,
    pub(super) completion_tokens: AtomicU64,
    pub(super) measured_tokens: AtomicU64,
    pub(super) finished: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) restarts: AtomicU64,
    /// Seconds from the request's arrival to its first token.
    pub(super) first_token_seconds: Histogram,
    /// Tokens per second of one sequence, after its first token.
    pub(super) decode_rate: Histogram,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Sequences in the batch.
    pub running: usize,
    /// Sequences and measurements that wait.
    pub waiting: usize,
    /// Tokens of prompts that entered the batch.
    pub prompt_tokens: u64,
    /// Tokens generated.
    pub completion_tokens: u64,
    /// Tokens whose probability was measured.
    pub measured_tokens: u64,
    /// Sequences that came to their end.
    pub finished: u64,
    /// Sequences and measurements whose asker went away.
    pub cancelled: u64,
    /// Sequences and measurements that failed.
    pub failed: u64,
    /// Requests that got no place.
    pub refused: u64,
    /// Times the engine was started anew after a failure.
    pub restarts: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            running: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            prompt_tokens: AtomicU64::new(0),
            completion_tokens: AtomicU64::new(0),
            measured_tokens: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            // 10 ms to 40 s, and 1 to 2048 tokens/s.
            first_token_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 13)),
            decode_rate: Histogram::new(exponential_buckets(1.0, 2.0, 12)),
        }
    }
}

impl Counters {
    /// The counts now.
    pub fn load(&self) -> Load {
        Load {
            running: self.running.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            prompt_tokens: self.prompt_tokens.load(Ordering::Relaxed),
            completion_tokens: self.completion_tokens.load(Ordering::Relaxed),
            measured_tokens: self.measured_tokens.load(Ordering::Relaxed),
            finished: self.finished.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
        }
    }

    /// Seconds from a request's arrival to its first token.
    pub fn first_token_seconds(&self) -> &Histogram {
        &self.first_token_seconds
    }

    /// Tokens per second of one sequence, after its first token.
    pub fn decode_rate(&self) -> &Histogram {
        &self.decode_rate
    }
}

/// Adds to a count.
pub(super) fn add(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}
