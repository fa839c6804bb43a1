//! `POST /api/score`.

use axum::Json;
use protocol::api::score::{ScoreReason, ScoreRequest, ScoreResponse, TEXTS_LIMIT, TextScore};
use protocol::api::{ErrorBody, ErrorKind};
use protocol::language::Language;
use rayon::prelude::*;
use scoring::flags::Flags;
use scoring::scorer::{ScoreError, Scorer};

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
    let identity = scorer.identity();
    Ok(ScoreResponse {
        scorer: identity.name.clone(),
        version: identity.version.clone(),
        hash: identity.hash.clone(),
        texts,
    })
}

fn text_score(
    scorer: &dyn Scorer,
    text: &str,
    expected: Language,
    as_given: bool,
) -> Result<TextScore, ScoreError> {
    let flags = Flags::of(text, expected);
    let language = if as_given {
        expected
    } else {
        flags.scoring_language(expected)
    };
    let scored = match flags.empty {
        true => None,
        false => Some(scorer.score(text, language)?),
    };
    Ok(TextScore {
        score: scored.as_ref().map(|scored| scored.probability),
        language,
        empty: flags.empty,
        refusal: flags.refusal,
        drift: flags.drift,
        repetition: flags.repetition,
        reasons: scored
            .map(|scored| scored.reasons)
            .unwrap_or_default()
            .into_iter()
            .map(|reason| ScoreReason {
                start: reason.start,
                end: reason.end,
                text: reason.text,
                weight: reason.weight,
            })
            .collect(),
    })
}
