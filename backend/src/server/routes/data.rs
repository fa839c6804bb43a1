//! `GET /api/data` and `GET /api/data/{name}/rows`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use protocol::api::{ErrorBody, ErrorKind};
use protocol::data::{DataList, DataRows, RowsQuery};

use crate::data::RowsError;
use crate::server::error::ApiError;
use crate::server::query::asked;
use crate::server::state::Server;

/// The data sets that this server has.
#[utoipa::path(
    get,
    path = "/api/data",
    responses(
        (status = 200, description = "The data sets", body = DataList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn data(State(server): State<Arc<Server>>) -> Result<Json<DataList>, ApiError> {
    blocking(move || server.data.list()).await.map(Json)
}

/// Texts of a data set.
#[utoipa::path(
    get,
    path = "/api/data/{name}/rows",
    params(("name" = String, Path, description = "Name of the data set"), RowsQuery),
    responses(
        (status = 200, description = "The rows", body = DataRows),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such data set", body = ErrorBody),
        (status = 422, description = "No such language or part", body = ErrorBody),
        (status = 503, description = "The data set cannot be read", body = ErrorBody),
    )
)]
pub async fn rows(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    query: Result<Query<RowsQuery>, QueryRejection>,
) -> Result<Json<DataRows>, ApiError> {
    let query = asked(query)?;
    blocking(move || server.data.rows(&name, &query))
        .await?
        .map(Json)
        .map_err(|error| match error {
            RowsError::Unknown { .. } => {
                ErrorBody::field(ErrorKind::NotFound, "name", error.to_string()).into()
            }
            RowsError::Query { field, message } => ApiError::field(field, message),
            RowsError::Data(error) => ApiError::new(ErrorKind::Unavailable, error.to_string()),
        })
}

/// Files are read where they hold nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))
}
