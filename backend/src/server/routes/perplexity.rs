//! `POST /api/perplexity`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use protocol::api::perplexity::{
    PerplexityRequest, PerplexityResponse, TEXTS_LIMIT, TextPerplexity,
};
use protocol::api::{ErrorBody, ErrorKind};

use crate::server::error::ApiError;
use crate::server::json::JsonBody;
use crate::server::state::Server;

/// How likely a model finds texts.
#[utoipa::path(
    post,
    path = "/api/perplexity",
    request_body = PerplexityRequest,
    responses(
        (status = 200, description = "One entry per text", body = PerplexityResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model", body = ErrorBody),
        (status = 413, description = "Body too large", body = ErrorBody),
        (status = 415, description = "Not declared as JSON", body = ErrorBody),
        (status = 422, description = "A text is empty or too long, or there are too many", body = ErrorBody),
        (status = 429, description = "Every place is taken; see `Retry-After`", body = ErrorBody),
        (status = 500, description = "The engine failed", body = ErrorBody),
        (status = 503, description = "The model cannot be used now", body = ErrorBody),
    )
)]
pub async fn perplexity(
    State(server): State<Arc<Server>>,
    JsonBody(request): JsonBody<PerplexityRequest>,
) -> Result<Json<PerplexityResponse>, ApiError> {
    let PerplexityRequest { model, texts } = request;
    if texts.is_empty() || texts.len() > TEXTS_LIMIT {
        return Err(ApiError::field(
            "texts",
            format!("must be 1 to {TEXTS_LIMIT} texts, got {}", texts.len()),
        ));
    }
    let model = server.model(model.as_deref()).await?;
    let asked = Arc::clone(&model);
    let scoring = tokio::task::spawn_blocking(move || asked.executor.measure(texts))
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))??;
    let texts: Vec<TextPerplexity> = scoring
        .finish()
        .await?
        .iter()
        .map(|values| TextPerplexity::from_log_probabilities(values))
        .collect();
    Ok(Json(PerplexityResponse {
        total: TextPerplexity::total(&texts),
        texts,
        provenance: model.provenance.clone(),
    }))
}
