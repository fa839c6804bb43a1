//! `GET /api/devices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use protocol::api::devices::DeviceList;
use protocol::api::{ErrorBody, ErrorKind};

use crate::server::error::ApiError;
use crate::server::state::Server;

/// What models can run on.
#[utoipa::path(
    get,
    path = "/api/devices",
    responses(
        (status = 200, description = "The devices", body = DeviceList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn devices(State(server): State<Arc<Server>>) -> Result<Json<DeviceList>, ApiError> {
    // Asking the drivers takes a while.
    let devices = tokio::task::spawn_blocking(move || (server.devices)())
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(Json(DeviceList { devices }))
}
