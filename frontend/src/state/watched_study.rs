//! One study as it goes on: its status, kept up to date by its events.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::study::{LossCurve, StudyEvent, StudyState, StudyStatus};
use web_sys::AbortController;

use super::frame::PerFrame;
use super::server_facts::Answer;
use crate::remote::address::segment;
use crate::remote::studies::{self, Action};
use crate::remote::{RemoteFailure, fetch};

/// Before the server is asked again for events that it has ended.
const AGAIN: Duration = Duration::from_secs(2);
/// Before a server that does not answer is asked again: the first time, and at most.
const PAUSES: [u64; 2] = [1, 10];

/// A study that is followed.
#[derive(Clone, Copy)]
pub struct WatchedStudy {
    /// What is known of it.
    pub status: RwSignal<Answer<StudyStatus>>,
    /// The last pieces that were stored or damaged, newest first.
    pub news: RwSignal<Vec<String>>,
    /// What went wrong with an action.
    pub problem: RwSignal<Option<RemoteFailure>>,
    /// The server does not answer any more; it is asked again and again.
    pub lost: RwSignal<bool>,
    /// Seconds of the next pause while it is lost; one question at a time waits.
    pause: StoredValue<Option<u64>>,
    name: StoredValue<String>,
    watch: StoredValue<Option<AbortController>, LocalStorage>,
}

/// News that are kept.
const NEWS: usize = 8;

impl WatchedStudy {
    /// Follows the study of that name for as long as the part of the page that asks is there.
    pub fn of(name: String) -> Self {
        let study = Self {
            status: RwSignal::new(None),
            news: RwSignal::new(Vec::new()),
            problem: RwSignal::new(None),
            lost: RwSignal::new(false),
            pause: StoredValue::new(None),
            name: StoredValue::new(name),
            watch: StoredValue::new_local(None),
        };
        study.ask();
        on_cleanup(move || study.unwatch());
        study
    }

    /// Asks for the status, and follows the events if it runs.
    pub fn ask(self) {
        let name = self.name.get_value();
        spawn_local(async move {
            let path = format!("/api/studies/{}", segment(&name));
            let status = fetch::json::<StudyStatus>(&path).await;
            self.take(status);
        });
    }

    /// Does something to it.
    pub fn act(self, action: Action) {
        let name = self.name.get_value();
        self.problem.set(None);
        spawn_local(async move {
            match studies::act(&name, action).await {
                Ok(status) => self.take(Ok(status)),
                Err(failure) => {
                    self.problem.try_set(Some(failure));
                }
            }
        });
    }

    /// Asks for the status if a list of studies says that it is in another state than is known here.
    pub fn compare(self, listed: StudyState) {
        let other = self.status.with_untracked(|status| match status {
            Some(Ok(status)) => status.summary.state != listed,
            _ => false,
        });
        if other && !self.lost.get_untracked() {
            self.ask();
        }
    }

    /// Asks again after a pause that grows with each failure.
    fn retry(self) {
        // The signal is gone when the reader has left.
        if self.lost.try_set(true).is_some() {
            return;
        }
        let [first, longest] = PAUSES;
        let pause = self
            .pause
            .get_value()
            .map_or(first, |last| (last * 2).min(longest));
        self.pause.set_value(Some(pause));
        let again = move || {
            if self.lost.try_get_untracked() == Some(true) {
                self.ask();
            }
        };
        set_timeout(again, Duration::from_secs(pause));
    }

    fn take(self, status: Result<StudyStatus, RemoteFailure>) {
        if status.as_ref().is_err_and(RemoteFailure::may_pass) {
            self.retry();
            return;
        }
        self.pause.try_set_value(None);
        self.lost.try_set(false);
        let running = matches!(&status, Ok(status) if status.summary.state == StudyState::Running);
        // The signal is gone when the reader has left.
        if self.status.try_set(Some(status)).is_some() {
            return;
        }
        if running && self.watch.with_value(Option::is_none) {
            self.watch();
        }
    }

    fn watch(self) {
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        self.watch.set_value(Some(controller));
        let name = self.name.get_value();
        let events = PerFrame::new(move |events: Vec<StudyEvent>| self.hear(events));
        spawn_local(async move {
            let ended = studies::follow(&name, &signal, |event| events.push(event)).await;
            events.finish();
            if signal.aborted() {
                return;
            }
            self.watch.try_set_value(None);
            match ended {
                // The status says what the events do not.
                Ok(true) => self.ask(),
                Ok(false) => set_timeout(move || self.ask(), AGAIN),
                Err(failure) if failure.may_pass() => self.retry(),
                Err(failure) => {
                    self.problem.try_set(Some(failure));
                }
            }
        });
    }

    fn unwatch(self) {
        self.watch.try_update_value(|watch| {
            if let Some(watch) = watch.take() {
                watch.abort();
            }
        });
    }

    fn hear(self, events: Vec<StudyEvent>) {
        let mut news = Vec::new();
        self.status.try_update(|status| {
            if let Some(Ok(status)) = status {
                for event in events {
                    news.extend(apply(status, event));
                }
            }
        });
        if !news.is_empty() {
            self.news.try_update(|kept| {
                kept.splice(0..0, news.into_iter().rev());
                kept.truncate(NEWS);
            });
        }
    }
}

/// Brings the status up to date; what of it is worth a line.
fn apply(status: &mut StudyStatus, event: StudyEvent) -> Option<String> {
    match event {
        StudyEvent::Plan { plan } => status.plan = Some(plan),
        StudyEvent::Progress {
            state,
            pieces,
            current,
            tokens_per_second,
            elapsed_seconds,
            eta_seconds,
        } => {
            status.summary.state = state;
            status.summary.done = pieces.iter().map(|count| count.done).sum();
            status.summary.total = pieces.iter().map(|count| count.total).sum();
            status.pieces = pieces;
            status.current = current;
            status.tokens_per_second = tokens_per_second;
            status.elapsed_seconds = elapsed_seconds;
            status.eta_seconds = eta_seconds;
        }
        StudyEvent::Loss {
            strategy,
            seed,
            point,
        } => {
            let curve = status
                .losses
                .iter_mut()
                .find(|curve| curve.strategy == strategy && curve.seed == seed);
            match curve {
                Some(curve) => {
                    // A step may be told twice, by the status and by an event.
                    if curve
                        .points
                        .last()
                        .is_none_or(|last| last.step < point.step)
                    {
                        curve.points.push(point);
                    }
                }
                None => status.losses.push(LossCurve {
                    strategy,
                    seed,
                    points: vec![point],
                }),
            }
        }
        StudyEvent::Stored {
            kind,
            label,
            seconds,
        } => return Some(format!("{} {label}: {seconds:.1} s", kind.name())),
        StudyEvent::Damaged { file, reason } => {
            return Some(format!("{file} was damaged and is done again: {reason}"));
        }
        StudyEvent::Ended { state, failure } => {
            status.summary.state = state;
            status.summary.failure = failure;
            status.current = None;
        }
    }
    None
}
