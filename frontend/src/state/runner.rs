//! The one way in which a prompt is run, wherever it runs.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::api::score::{ScoreRequest, ScoreResponse};
use protocol::generation::FinishReason;
use web_sys::{AbortController, AbortSignal};

use super::frame::PerFrame;
use super::problem::Problem;
use super::run::{Phase, Run};

/// A place that runs models. The page never asks which one it has, except to label it.
pub trait Runner: Clone + 'static {
    /// Makes the model ready, where that takes more than asking.
    async fn prepare(&self, model: &str, stop: &AbortSignal) -> Result<(), Problem>;

    /// Continues a prompt; each event is handed over as it arrives, the last one included. A run
    /// that `stop` ends is no problem.
    async fn generate(
        &self,
        request: GenerateRequest,
        stop: &AbortSignal,
        on_event: &mut dyn FnMut(StreamEvent),
    ) -> Result<(), Problem>;

    /// Forces a completion upon the model.
    async fn force(
        &self,
        request: ForcedDecodingRequest,
        stop: &AbortSignal,
    ) -> Result<ForcedDecodingResponse, Problem>;

    /// Says how toxic texts are.
    async fn score(&self, request: ScoreRequest) -> Result<ScoreResponse, Problem>;
}

/// A runner and its last run.
#[derive(Clone, Copy)]
pub struct Column<R: Runner> {
    /// What is known of the run.
    pub run: RwSignal<Run>,
    /// Under way.
    pub running: Memo<bool>,
    /// There is a run.
    pub begun: Memo<bool>,
    runner: StoredValue<R, LocalStorage>,
    stop: StoredValue<Option<AbortController>, LocalStorage>,
}

impl<R: Runner> Column<R> {
    /// Nothing was run yet.
    pub fn new(runner: R) -> Self {
        let run = RwSignal::new(Run::default());
        Self {
            run,
            running: Memo::new(move |_| run.with(Run::running)),
            begun: Memo::new(move |_| run.with(|run| run.phase != Phase::Idle)),
            runner: StoredValue::new_local(runner),
            stop: StoredValue::new_local(None),
        }
    }

    /// Its runner.
    pub fn runner(&self) -> R {
        self.runner.get_value()
    }

    /// Ends the run under way after its current step.
    pub fn stop(&self) {
        self.stop.with_value(|stop| {
            if let Some(stop) = stop {
                stop.abort();
            }
        });
    }

    /// Stops and forgets the run.
    pub fn clear(&self) {
        self.stop();
        self.run.update(|run| {
            *run = Run {
                number: run.number + 1,
                ..Run::default()
            };
        });
    }

    /// Runs a request; one that is under way is stopped and forgotten.
    pub fn start(self, request: GenerateRequest) {
        self.stop();
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        self.stop.set_value(Some(controller));
        let number = self.run.with_untracked(|run| run.number + 1);
        self.run
            .set(Run::begin(number, request.prompt.clone(), now()));
        let change = move |edit: &mut dyn FnMut(&mut Run)| {
            // The signal is gone when the reader has left the page.
            self.run.try_update(|run| {
                if run.number == number {
                    edit(run);
                }
            });
        };
        let events = PerFrame::new(move |events: Vec<(StreamEvent, f64)>| {
            let mut events = Some(events);
            change(&mut |run| {
                for (event, at) in events.take().into_iter().flatten() {
                    run.take(event, at);
                }
            });
        });
        let runner = self.runner();
        spawn_local(async move {
            let model = request.model.clone().unwrap_or_default();
            let mut result = runner.prepare(&model, &signal).await;
            if result.is_ok() && !signal.aborted() {
                // Loading a model is not part of the time to the first token.
                change(&mut |run| run.started = now());
                result = runner
                    .generate(request, &signal, &mut |event| events.push((event, now())))
                    .await;
            }
            events.finish();
            change(&mut |run| {
                if run.running() {
                    run.phase = match &result {
                        Ok(()) => Phase::Ended(FinishReason::Cancelled),
                        Err(_) if signal.aborted() => Phase::Ended(FinishReason::Cancelled),
                        Err(problem) => Phase::Failed(problem.clone()),
                    };
                }
            });
        });
    }
}

/// Milliseconds of the page's clock.
pub fn now() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
