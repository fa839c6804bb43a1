//! `POST /api/forced_decoding`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::{ErrorBody, ErrorKind};

use super::adapters::chosen;
use crate::server::error::ApiError;
use crate::server::json::JsonBody;
use crate::server::state::Server;

/// Each token of a given completion beside the model's own choice.
#[utoipa::path(
    post,
    path = "/api/forced_decoding",
    request_body = ForcedDecodingRequest,
    responses(
        (status = 200, description = "One entry per token of the completion", body = ForcedDecodingResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model or adapter", body = ErrorBody),
        (status = 413, description = "Body too large", body = ErrorBody),
        (status = 415, description = "Not declared as JSON", body = ErrorBody),
        (status = 422, description = "The prompt or the completion is empty, too long or not of this model", body = ErrorBody),
        (status = 429, description = "Every place is taken; see `Retry-After`", body = ErrorBody),
        (status = 500, description = "The engine failed", body = ErrorBody),
        (status = 503, description = "The model cannot be used now", body = ErrorBody),
    )
)]
pub async fn forced_decoding(
    State(server): State<Arc<Server>>,
    JsonBody(request): JsonBody<ForcedDecodingRequest>,
) -> Result<Json<ForcedDecodingResponse>, ApiError> {
    let model = server.model(request.model.as_deref()).await?;
    let adapter = chosen(&server, &model, request.adapter).await?;
    let (adapter, provenance) = adapter.unzip();
    let asked = Arc::clone(&model);
    let measuring = tokio::task::spawn_blocking(move || {
        asked
            .executor
            .force(request.prompt, request.completion, adapter)
    })
    .await
    .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))??;
    let forced = measuring.finish().await?;
    Ok(Json(ForcedDecodingResponse {
        prompt_tokens: forced.prompt_tokens,
        tokens: forced.tokens,
        provenance: model.provenance.with_adapter(provenance),
    }))
}
