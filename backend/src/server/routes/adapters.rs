//! `GET /api/adapters`: trained changes to models, and their files for those who apply them
//! themselves, such as a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use engine::adapter::{AppliedAdapter, peft};
use protocol::adapter::{AdapterChoice, AdapterList, check_strength};
use protocol::api::{ErrorBody, ErrorKind};
use protocol::provenance::AdapterProvenance;
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::adapters::{AdapterError, RECORD};
use crate::executor::Shelved;
use crate::server::error::ApiError;
use crate::server::state::Server;

/// Every adapter that the server has.
#[utoipa::path(
    get,
    path = "/api/adapters",
    responses(
        (status = 200, description = "The adapters", body = AdapterList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn adapters(State(server): State<Arc<Server>>) -> Result<Json<AdapterList>, ApiError> {
    let shelf = Arc::clone(&server.adapters);
    let list = blocking(move || match shelf.store() {
        Some(store) => store.entries(),
        None => Ok(AdapterList::default()),
    });
    Ok(Json(list.await?))
}

/// The bytes of one file of an adapter, or a range of them.
#[utoipa::path(
    get,
    path = "/api/adapters/{name}/files/{file}",
    params(
        ("name" = String, Path, description = "Name of the adapter"),
        ("file" = String, Path, description = "`adapter_config.json`, `adapter_model.safetensors` or `polydetox.json`"),
        ("Range" = Option<String>, Header, description = "Such as `bytes=0-8388607`"),
    ),
    responses(
        (status = 200, description = "The whole file", content_type = "application/octet-stream"),
        (status = 206, description = "The range", content_type = "application/octet-stream"),
        (status = 304, description = "`If-None-Match` names the file as it is"),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such adapter or file", body = ErrorBody),
        (status = 416, description = "The range does not lie in the file"),
    )
)]
pub async fn adapter_file(
    State(server): State<Arc<Server>>,
    Path((name, file)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let shelf = Arc::clone(&server.adapters);
    let wanted = name.clone();
    let found = blocking(move || match shelf.store() {
        Some(store) => store.find(&wanted),
        None => Err(AdapterError::Unknown {
            name: wanted,
            known: Vec::new(),
        }),
    })
    .await?;
    // Only these names are looked up on disk.
    let known = [peft::CONFIG_FILE, peft::TENSORS_FILE, RECORD];
    let missing = || {
        ApiError::new(
            ErrorKind::NotFound,
            format!("the adapter `{name}` has no file `{file}`"),
        )
    };
    let file = known
        .into_iter()
        .find(|known| **known == file)
        .ok_or_else(missing)?;
    let Ok(served) = ServeFile::new(found.directory.join(file))
        .oneshot(request)
        .await;
    let mut response = served.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return Err(missing());
    }
    // The same name can be another adapter tomorrow.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The adapter that a request names, for the model that it names.
///
/// # Errors
/// There is no such adapter, it is for another model, or the strength is out of range.
pub(super) async fn chosen(
    server: &Server,
    model: &Shelved,
    choice: Option<AdapterChoice>,
) -> Result<Option<(AppliedAdapter, AdapterProvenance)>, ApiError> {
    let Some(choice) = choice else {
        return Ok(None);
    };
    check_strength(choice.strength)?;
    let shelf = Arc::clone(&server.adapters);
    let (provenance, text_model) = (model.provenance.clone(), Arc::clone(model.executor.model()));
    let Some(_) = text_model.spec() else {
        return Err(ApiError::field("adapter", "this model takes no adapters"));
    };
    let found = blocking(move || match text_model.spec() {
        Some(spec) => shelf.get(&choice, spec, &provenance).map(Some),
        None => Ok(None),
    });
    found.await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AdapterError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(done?)
}
