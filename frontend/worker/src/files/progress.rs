//! How far a download is, told a few times a second.

use std::collections::VecDeque;

use protocol::local::{Download, Event};

use crate::javascript::now;
use crate::voice;

/// Milliseconds between two reports.
const BETWEEN: f64 = 250.0;
/// Milliseconds over which the speed is measured.
const WINDOW: f64 = 3000.0;

/// Counts and tells.
pub struct Progress {
    figures: Download,
    told: f64,
    /// Times, and how many bytes had been fetched then.
    seen: VecDeque<(f64, u64)>,
    fetched: u64,
}

impl Progress {
    /// Of files of `total` bytes.
    pub fn new(total: u64) -> Self {
        Self {
            figures: Download {
                total,
                ..Download::default()
            },
            told: f64::NEG_INFINITY,
            seen: VecDeque::new(),
            fetched: 0,
        }
    }

    /// So many bytes were here and are intact.
    pub fn found(&mut self, bytes: u64) {
        self.figures.received += bytes;
        self.figures.from_cache += bytes;
        self.tell(false);
    }

    /// So many bytes were here and are damaged.
    pub fn damaged(&mut self, bytes: u64) {
        self.figures.damaged += bytes;
    }

    /// So many bytes arrived.
    pub fn arrived(&mut self, bytes: u64) {
        self.figures.received += bytes;
        self.fetched += bytes;
        let now = now();
        self.seen.push_back((now, self.fetched));
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(at, _)| now - at > WINDOW) {
            self.seen.pop_front();
        }
        if let Some((at, fetched)) = self.seen.front()
            && now > *at
        {
            self.figures.bytes_per_second = (self.fetched - fetched) as f64 * 1000.0 / (now - at);
        }
        self.tell(false);
    }

    /// So many bytes that had arrived are worth nothing.
    pub fn lost(&mut self, bytes: u64) {
        self.figures.received = self.figures.received.saturating_sub(bytes);
    }

    /// Tells the last figures.
    pub fn finish(&mut self) {
        self.tell(true);
    }

    fn tell(&mut self, last: bool) {
        let now = now();
        if last || now - self.told >= BETWEEN {
            self.told = now;
            voice::say(&Event::Download {
                download: self.figures,
            });
        }
    }
}
