//! `GET /health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::api::health::{Health, HealthStatus, ModelLoad};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use crate::server::state::Server;

/// Whether the server can do its work; needs no token.
#[utoipa::path(
    get,
    path = "/health",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "An engine has failed, or the server is being stopped", body = Health),
    )
)]
pub async fn health(State(server): State<Arc<Server>>) -> (StatusCode, Json<Health>) {
    let models: Vec<ModelLoad> = server
        .shelf
        .loaded()
        .iter()
        .map(|model| {
            let load = model.executor.counters().load();
            ModelLoad {
                id: model.id.clone(),
                running: load.running,
                waiting: load.waiting,
                healthy: model.executor.healthy(),
            }
        })
        .collect();
    let status = if server.shutting_down() {
        HealthStatus::ShuttingDown
    } else if models.iter().any(|model| !model.healthy) {
        HealthStatus::Failed
    } else {
        HealthStatus::Ok
    };
    let code = match status {
        HealthStatus::Ok => StatusCode::OK,
        HealthStatus::Failed | HealthStatus::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
    };
    let health = Health {
        status,
        version: env!("CARGO_PKG_VERSION").into(),
        memory_bytes: memory(),
        models,
    };
    (code, Json(health))
}

/// Resident memory of this process in bytes.
fn memory() -> Option<u64> {
    let process = get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[process]),
        false,
        ProcessRefreshKind::nothing().with_memory(),
    );
    Some(system.process(process)?.memory())
}
