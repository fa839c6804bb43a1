//! `GET /metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use protocol::api::{ErrorBody, ErrorKind};

use crate::server::error::ApiError;
use crate::server::state::Server;

/// Counts and times for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn metrics(State(server): State<Arc<Server>>) -> Result<impl IntoResponse, ApiError> {
    let text = server
        .metrics
        .text()
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}
