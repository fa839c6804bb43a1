//! `GET /api/models` and `GET /v1/models`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use protocol::api::completions::{OpenAiModel, OpenAiModelList};
use protocol::api::models::{ModelEntry, ModelList};
use protocol::api::{ErrorBody, ErrorKind};

use crate::executor::Title;
use crate::server::error::ApiError;
use crate::server::state::Server;

/// Every model the server knows.
#[utoipa::path(
    get,
    path = "/api/models",
    responses(
        (status = 200, description = "The models", body = ModelList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn models(State(server): State<Arc<Server>>) -> Result<Json<ModelList>, ApiError> {
    let loaded: Vec<String> = loaded(&server);
    let mut models: Vec<ModelEntry> = titles(&server)
        .await?
        .into_iter()
        .map(|title| ModelEntry {
            loaded: loaded.contains(&title.id),
            default: title.id == server.default_model,
            id: title.id,
            family: title.family,
            languages: title.languages,
            licence: title.licence,
            bytes: title.bytes,
            installed: title.installed,
        })
        .collect();
    models.sort_by_key(|model| !model.default);
    Ok(Json(ModelList { models }))
}

/// The models on this machine, in OpenAI's layout.
#[utoipa::path(
    get,
    path = "/v1/models",
    responses(
        (status = 200, description = "The models", body = OpenAiModelList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn openai_models(
    State(server): State<Arc<Server>>,
) -> Result<Json<OpenAiModelList>, ApiError> {
    let mut ids: Vec<String> = titles(&server)
        .await?
        .into_iter()
        .filter(|title| title.installed)
        .map(|title| title.id)
        .collect();
    for id in loaded(&server) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let data = ids
        .into_iter()
        .map(|id| OpenAiModel {
            id,
            object: "model".into(),
            created: 0,
            owned_by: "local".into(),
        })
        .collect();
    Ok(Json(OpenAiModelList {
        object: "list".into(),
        data,
    }))
}

fn loaded(server: &Server) -> Vec<String> {
    let loaded = server.shelf.loaded();
    loaded.iter().map(|model| model.id.clone()).collect()
}

async fn titles(server: &Server) -> Result<Vec<Title>, ApiError> {
    let library = Arc::clone(server.shelf.library());
    let titles = tokio::task::spawn_blocking(move || library.titles())
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(titles?)
}
