//! `GET /health`: whether the server can do its work.

use serde::{Deserialize, Serialize};

/// Whether requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Yes.
    Ok,
    /// A model's engine has failed and does not come back by itself (status 503).
    Failed,
    /// The server is being stopped (status 503).
    ShuttingDown,
}

/// The server's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// Whether requests are served.
    pub status: HealthStatus,
    /// Version of the server.
    pub version: String,
    /// Resident memory of the server's program in bytes, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The models in memory.
    pub models: Vec<ModelLoad>,
}

/// How busy one model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelLoad {
    /// Identifier of the model.
    pub id: String,
    /// Sequences that are being generated.
    pub running: usize,
    /// Sequences and measurements that wait for a place.
    pub waiting: usize,
    /// Its engine works.
    pub healthy: bool,
}
