//! What is told while a model or a data set is fetched.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::hub::manifest::Licence;

/// Something that happened. As JSON: one object per event, `event` says which.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PullEvent {
    /// Another process works on it; this one waits.
    Waiting {
        /// The model or data set.
        name: String,
    },
    /// The terms, before anything is fetched.
    Licence {
        /// The model or data set.
        name: String,
        /// Its terms.
        licence: Licence,
    },
    /// A source is tried.
    Source {
        /// The source, in words.
        source: String,
        /// The file wanted from it.
        file: String,
        /// Bytes that are there already.
        resumed_at: u64,
    },
    /// Bytes arrived.
    Progress {
        /// The file.
        file: String,
        /// Bytes there.
        bytes: u64,
        /// Bytes there will be.
        total: u64,
        /// Over the last seconds.
        bytes_per_second: f64,
        /// Time that the rest will take at this rate.
        #[serde(skip_serializing_if = "Option::is_none")]
        eta_seconds: Option<f64>,
    },
    /// A connection broke; it is taken up where it stopped.
    Resuming {
        /// The file.
        file: String,
        /// Bytes there.
        bytes: u64,
        /// What went wrong.
        reason: String,
    },
    /// A source did not deliver.
    SourceFailed {
        /// The source, in words.
        source: String,
        /// What it said.
        reason: String,
    },
    /// Size and hash of a file are being checked.
    Checking {
        /// The file.
        file: String,
    },
    /// It is there.
    Installed {
        /// The model or data set.
        name: String,
        /// Its directory.
        path: String,
        /// Its hash for provenance.
        sha256: String,
        /// Whether it was there before and nothing was fetched.
        already: bool,
    },
}

/// Who is told, and asked.
pub trait PullObserver {
    /// Something happened.
    fn event(&mut self, event: &PullEvent);

    /// Whether what has this title may be fetched under its terms; asked once, before the first
    /// byte.
    fn accept(&mut self, title: &str) -> bool;
}

/// Shortest time between two progress events.
const PAUSE: Duration = Duration::from_millis(100);
/// Time over which the rate is taken.
const WINDOW: Duration = Duration::from_secs(5);

/// Turns counts of bytes into progress events with rate and remaining time.
pub struct Meter {
    file: String,
    total: u64,
    /// Times and counts within the window, oldest first.
    seen: VecDeque<(Instant, u64)>,
    told: Option<Instant>,
}

impl Meter {
    /// A meter for `file` of `total` bytes, `bytes` of which are there `now`.
    pub fn new(file: &str, total: u64, bytes: u64, now: Instant) -> Self {
        Self {
            file: file.to_owned(),
            total,
            seen: VecDeque::from([(now, bytes)]),
            told: None,
        }
    }

    /// The event to tell when `bytes` are there `now`; none when the last one was just told,
    /// except for the end.
    pub fn count(&mut self, bytes: u64, now: Instant) -> Option<PullEvent> {
        // Bytes may be dropped when a source starts over; a rate across that means nothing.
        if self.seen.back().is_some_and(|&(_, last)| bytes < last) {
            self.seen.clear();
        }
        self.seen.push_back((now, bytes));
        while self.seen.len() > 2
            && self
                .seen
                .front()
                .is_some_and(|&(time, _)| now.duration_since(time) > WINDOW)
        {
            self.seen.pop_front();
        }
        let due = self
            .told
            .is_none_or(|told| now.duration_since(told) >= PAUSE);
        if !due && bytes < self.total {
            return None;
        }
        self.told = Some(now);
        let (since, from) = self.seen.front().copied().unwrap_or((now, bytes));
        let seconds = now.duration_since(since).as_secs_f64();
        let rate = match seconds > 0.0 {
            true => (bytes - from) as f64 / seconds,
            false => 0.0,
        };
        Some(PullEvent::Progress {
            file: self.file.clone(),
            bytes,
            total: self.total,
            bytes_per_second: rate,
            eta_seconds: (rate > 0.0).then(|| self.total.saturating_sub(bytes) as f64 / rate),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn numbers(event: Option<PullEvent>) -> (u64, f64, Option<f64>) {
        match event {
            Some(PullEvent::Progress {
                bytes,
                bytes_per_second,
                eta_seconds,
                ..
            }) => (bytes, bytes_per_second, eta_seconds),
            other => panic!("no progress: {other:?}"),
        }
    }

    #[test]
    fn rate_and_remaining_time_come_from_the_last_seconds() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = Meter::new("f", 1000, 400, start);
        assert_eq!(numbers(meter.count(500, at(1000))), (500, 100.0, Some(5.0)));
        assert_eq!(meter.count(501, at(1050)), None, "too soon to tell again");
        // Eight seconds of silence: the fast second has left the window.
        let (_, rate, _) = numbers(meter.count(511, at(11_050)));
        assert_eq!(rate, 1.0);
        // A restart begins a new measurement, and the end is always told.
        assert_eq!(numbers(meter.count(0, at(11_200))), (0, 0.0, None));
        meter.count(900, at(11_300));
        assert_eq!(numbers(meter.count(1000, at(11_310))).0, 1000);
    }
}
