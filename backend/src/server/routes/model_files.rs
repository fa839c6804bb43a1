//! `GET /api/models/{id}/files`: models for those who run them themselves, such as a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use protocol::api::model_files::{ModelFile, ModelFileList};
use protocol::api::{ErrorBody, ErrorKind};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::executor::FilesOnDisk;
use crate::server::error::ApiError;
use crate::server::state::Server;

/// The files of a model that is on this machine.
#[utoipa::path(
    get,
    path = "/api/models/{id}/files",
    params(("id" = String, Path, description = "Identifier of the model")),
    responses(
        (status = 200, description = "The files", body = ModelFileList),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model", body = ErrorBody),
        (status = 503, description = "The model is not on this machine", body = ErrorBody),
    )
)]
pub async fn model_files(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Json<ModelFileList>, ApiError> {
    let found = find(&server, id.clone()).await?;
    Ok(Json(ModelFileList {
        model: id,
        sha256: found.sha256,
        files: found
            .files
            .into_iter()
            .map(|file| ModelFile {
                name: file.name,
                bytes: file.bytes,
                sha256: file.sha256,
            })
            .collect(),
    }))
}

/// The bytes of one file, or a range of them.
#[utoipa::path(
    get,
    path = "/api/models/{id}/files/{name}",
    params(
        ("id" = String, Path, description = "Identifier of the model"),
        ("name" = String, Path, description = "Name of the file"),
        ("Range" = Option<String>, Header, description = "Such as `bytes=0-8388607`"),
    ),
    responses(
        (status = 200, description = "The whole file", content_type = "application/octet-stream"),
        (status = 206, description = "The range", content_type = "application/octet-stream"),
        (status = 304, description = "`If-None-Match` names the file as it is"),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such model or file", body = ErrorBody),
        (status = 416, description = "The range does not lie in the file"),
        (status = 503, description = "The model is not on this machine", body = ErrorBody),
    )
)]
pub async fn model_file(
    State(server): State<Arc<Server>>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let found = find(&server, id.clone()).await?;
    // Only names from the model's own list are looked up on disk.
    let file = found
        .files
        .into_iter()
        .find(|file| file.name == name)
        .ok_or_else(|| {
            ApiError::new(
                ErrorKind::NotFound,
                format!("`{id}` has no file `{name}`; /api/models/{id}/files lists them"),
            )
        })?;
    let Ok(served) = ServeFile::new(&file.path).oneshot(request).await;
    let mut response = served.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return Err(ApiError::new(
            ErrorKind::Unavailable,
            format!("`{name}` of `{id}` is gone; fetch the model again"),
        ));
    }
    // The same name can have another content after the model is fetched anew.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn find(server: &Server, id: String) -> Result<FilesOnDisk, ApiError> {
    let library = Arc::clone(server.shelf.library());
    let found = tokio::task::spawn_blocking(move || library.files(&id))
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(found?)
}
