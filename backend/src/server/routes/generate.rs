//! `POST /api/generate`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::generate::{GenerationEvent, GenerationRequest};
use futures_util::{Stream, StreamExt, stream};
use protocol::api::generate::{GenerateRequest, GenerateResponse, StreamEvent};
use protocol::api::{ErrorBody, ErrorKind};
use protocol::provenance::ModelProvenance;

use super::adapters::chosen;
use crate::executor::{Failure, Generation, Shelved};
use crate::server::error::ApiError;
use crate::server::json::JsonBody;
use crate::server::state::Server;

/// How often a silent stream says that it lives.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Continues a prompt; with `stream`, each event is a server-sent event named after its `type`.
#[utoipa::path(
    post,
    path = "/api/generate",
    request_body = GenerateRequest,
    responses(
        (status = 200, description = "The completion, or with `stream` its events", content(
            (GenerateResponse = "application/json"),
            (StreamEvent = "text/event-stream"),
        )),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model or adapter", body = ErrorBody),
        (status = 413, description = "Body too large", body = ErrorBody),
        (status = 415, description = "Not declared as JSON", body = ErrorBody),
        (status = 422, description = "A field is out of range", body = ErrorBody),
        (status = 429, description = "Every place is taken; see `Retry-After`", body = ErrorBody),
        (status = 500, description = "The engine failed", body = ErrorBody),
        (status = 503, description = "The model cannot be used now", body = ErrorBody),
    )
)]
pub async fn generate(
    State(server): State<Arc<Server>>,
    JsonBody(request): JsonBody<GenerateRequest>,
) -> Result<Response, ApiError> {
    let model = server.model(request.model.as_deref()).await?;
    let seed = request.seed;
    let streamed = request.stream;
    let adapter = chosen(&server, &model, request.adapter.clone()).await?;
    let (adapter, provenance) = adapter.unzip();
    let provenance = model.provenance.with_adapter(provenance);
    let request = GenerationRequest {
        adapter,
        ..request.into()
    };
    let generation = admit(&model, vec![request])
        .await?
        .pop()
        .ok_or_else(|| ApiError::new(ErrorKind::Internal, "no generation was begun"))?;
    if streamed {
        let events = events(model, generation, seed, provenance);
        return Ok(Sse::new(events)
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response());
    }
    let whole = generation.whole().await?;
    Ok(Json(GenerateResponse {
        completion: whole.text,
        finish_reason: whole.finish_reason,
        prompt_tokens: whole.prompt_tokens,
        completion_tokens: whole.completion_tokens,
        tokens: whole.reports,
        seed,
        provenance,
    })
    .into_response())
}

/// Tokenising a long prompt takes a while, which must not hold up other connections.
pub(super) async fn admit(
    model: &Arc<Shelved>,
    requests: Vec<GenerationRequest>,
) -> Result<Vec<Generation>, ApiError> {
    let model = Arc::clone(model);
    let generations = tokio::task::spawn_blocking(move || model.executor.generate(requests))
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(generations?)
}

/// The model is held until the stream ends, so that it is not put away meanwhile.
fn events(
    model: Arc<Shelved>,
    generation: Generation,
    seed: u64,
    provenance: ModelProvenance,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let start = StreamEvent::Start {
        prompt_tokens: generation.prompt_tokens(),
        seed,
        provenance,
    };
    let rest = stream::unfold((model, generation), |(model, mut generation)| async move {
        let event = generation.next().await?;
        Some((stream_event(event), (model, generation)))
    });
    stream::once(async { start })
        .chain(rest)
        .map(|event| Ok(sse_event(&event)))
}

fn stream_event(event: Result<GenerationEvent, Failure>) -> StreamEvent {
    match event {
        Ok(event) => event.into(),
        Err(failure) => StreamEvent::Error {
            error: ApiError::from(failure).into_body().error,
        },
    }
}

fn sse_event(event: &StreamEvent) -> Event {
    let named = Event::default().event(event.name());
    match named.json_data(event) {
        Ok(event) => event,
        // Numbers and strings can always be written as JSON.
        Err(error) => Event::default().event("error").data(error.to_string()),
    }
}
