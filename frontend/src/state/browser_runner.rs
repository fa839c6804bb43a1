//! This browser as a place that runs models.

use futures_channel::oneshot;
use futures_util::StreamExt;
use leptos::prelude::*;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::api::score::{ScoreRequest, ScoreResponse};
use protocol::local::{Command, DeviceChoice};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::AbortSignal;

use super::local_engine::LocalEngine;
use super::problem::Problem;
use super::runner::Runner;

/// The engine in this browser's worker, on the device that the reader chose.
#[derive(Clone, Copy)]
pub struct Browser {
    /// The engine.
    pub engine: LocalEngine,
    /// Where it is to run.
    pub device: RwSignal<DeviceChoice>,
}

impl Runner for Browser {
    async fn prepare(&self, model: &str, stop: &AbortSignal) -> Result<(), Problem> {
        let engine = self.engine;
        let loaded = engine.load(model, self.device.get_untracked());
        let _guard = OnAbort::new(stop, move || engine.cancel_load());
        loaded.await.unwrap_or_else(|_| Err(replaced()))
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        stop: &AbortSignal,
        on_event: &mut dyn FnMut(StreamEvent),
    ) -> Result<(), Problem> {
        let engine = self.engine;
        let (id, mut events) = engine.run(|id| Command::Generate { id, request });
        let _guard = OnAbort::new(stop, move || engine.stop(id));
        while let Some(event) = events.next().await {
            on_event(event?);
        }
        Ok(())
    }

    async fn force(
        &self,
        request: ForcedDecodingRequest,
        stop: &AbortSignal,
    ) -> Result<ForcedDecodingResponse, Problem> {
        let engine = self.engine;
        let (id, answer) = engine.force(request);
        let _guard = OnAbort::new(stop, move || engine.stop(id));
        answer
            .await
            .unwrap_or_else(|oneshot::Canceled| Err(replaced()))
    }

    async fn score(&self, request: ScoreRequest) -> Result<ScoreResponse, Problem> {
        self.engine
            .score(request)
            .await
            .unwrap_or_else(|oneshot::Canceled| Err(replaced()))
    }
}

fn replaced() -> Problem {
    Problem {
        message: "Another model was asked for meanwhile.".to_owned(),
        ways_out: Vec::new(),
    }
}

/// Calls a function when a signal is aborted, for as long as this lives.
struct OnAbort {
    signal: AbortSignal,
    _function: Closure<dyn FnMut()>,
}

impl OnAbort {
    fn new(signal: &AbortSignal, function: impl FnMut() + 'static) -> Self {
        let function = Closure::<dyn FnMut()>::new(function);
        signal.set_onabort(Some(function.as_ref().unchecked_ref()));
        Self {
            signal: signal.clone(),
            _function: function,
        }
    }
}

impl Drop for OnAbort {
    fn drop(&mut self) {
        self.signal.set_onabort(None);
    }
}
