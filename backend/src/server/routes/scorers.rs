//! `GET /api/scorers`: the measures of toxicity, and how far each can be trusted.

use axum::Json;
use axum::extract::Path;
use protocol::api::{ErrorBody, ErrorKind};
use protocol::evaluation::{Evaluation, ScorerSummary};

use crate::scoring::{SCORERS, open};
use crate::server::error::ApiError;

/// Every scorer.
#[utoipa::path(
    get,
    path = "/api/scorers",
    responses(
        (status = 200, description = "The scorers, the default first", body = Vec<ScorerSummary>),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn scorers() -> Json<Vec<ScorerSummary>> {
    let summary = |choice: &crate::scoring::ScorerChoice| ScorerSummary {
        identity: open(choice.name, None)
            .ok()
            .map(|scorer| scorer.identity().clone()),
        name: choice.name.to_owned(),
        about: choice.about.to_owned(),
        evaluated: evaluation_of(choice.name).is_some(),
    };
    Json(SCORERS.iter().map(summary).collect())
}

/// How far a scorer can be trusted, measured on data that it never saw.
#[utoipa::path(
    get,
    path = "/api/scorers/{name}/evaluation",
    params(("name" = String, Path, description = "Name of the scorer")),
    responses(
        (status = 200, description = "What `backend scorer eval` found", body = Evaluation),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such scorer, or none that comes with its evaluation", body = ErrorBody),
    )
)]
pub async fn evaluation(Path(name): Path<String>) -> Result<Json<Evaluation>, ApiError> {
    evaluation_of(&name).map(Json).ok_or_else(|| {
        ApiError::new(
            ErrorKind::NotFound,
            format!(
                "no evaluation of a scorer `{name}` comes with this program; `backend scorer eval \
                 --scorer {name} --data DIR` makes one"
            ),
        )
    })
}

fn evaluation_of(name: &str) -> Option<Evaluation> {
    scoring::ngram::evaluation()
        .ok()
        .filter(|evaluation| evaluation.scorer.name == name)
}
