//! `POST /api/score`.

use axum::Json;
use protocol::api::score::{ScoreRequest, ScoreResponse, TEXTS_LIMIT};
use protocol::api::{ErrorBody, ErrorKind};
use rayon::prelude::*;
use scoring::text_score::{response, text_score};

use crate::scoring::open;
use crate::server::error::ApiError;
use crate::server::json::JsonBody;

/// How toxic texts are.
#[utoipa::path(
    post,
    path = "/api/score",
    request_body = ScoreRequest,
    responses(
        (status = 200, description = "One entry per text", body = ScoreResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 413, description = "Body too large", body = ErrorBody),
        (status = 415, description = "Not declared as JSON", body = ErrorBody),
        (status = 422, description = "No such scorer or language, or too many texts", body = ErrorBody),
        (status = 500, description = "The scorer failed", body = ErrorBody),
    )
)]
pub async fn score(
    JsonBody(request): JsonBody<ScoreRequest>,
) -> Result<Json<ScoreResponse>, ApiError> {
    if request.texts.is_empty() || request.texts.len() > TEXTS_LIMIT {
        let message = format!(
            "must be 1 to {TEXTS_LIMIT} texts, got {}",
            request.texts.len()
        );
        return Err(ApiError::field("texts", message));
    }
    tokio::task::spawn_blocking(move || scored(&request))
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?
        .map(Json)
}

fn scored(request: &ScoreRequest) -> Result<ScoreResponse, ApiError> {
    let name = request.scorer.as_deref().unwrap_or("ngram");
    let scorer = open(name, None).map_err(|reason| ApiError::field("scorer", reason))?;
    let texts = request
        .texts
        .par_iter()
        .map(|text| text_score(scorer.as_ref(), text, request.language, request.as_given))
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::field("language", error.to_string()))?;
    Ok(response(scorer.as_ref(), texts))
}
