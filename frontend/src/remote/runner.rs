//! The server as a place that runs models.

use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::api::score::{ScoreRequest, ScoreResponse};
use web_sys::AbortSignal;

use super::{RemoteFailure, fetch, generate};
use crate::state::problem::Problem;
use crate::state::runner::Runner;

/// The server that the page came from.
#[derive(Debug, Clone, Copy)]
pub struct Server;

impl Runner for Server {
    async fn prepare(&self, _: &str, _: &AbortSignal) -> Result<(), Problem> {
        // The server loads a model when it is asked for text.
        Ok(())
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        stop: &AbortSignal,
        on_event: &mut dyn FnMut(StreamEvent),
    ) -> Result<(), Problem> {
        let request = GenerateRequest {
            stream: true,
            ..request
        };
        match generate::generate(&request, stop, on_event).await {
            Ok(()) | Err(RemoteFailure::Stopped) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn force(
        &self,
        request: ForcedDecodingRequest,
        stop: &AbortSignal,
    ) -> Result<ForcedDecodingResponse, Problem> {
        Ok(fetch::force(&request, stop).await?)
    }

    async fn score(&self, request: ScoreRequest) -> Result<ScoreResponse, Problem> {
        Ok(fetch::score(&request).await?)
    }
}
