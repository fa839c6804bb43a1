//! `GET /api/devices`: what models can run on.

use serde::{Deserialize, Serialize};

/// A processor or graphics card that the engine can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceEntry {
    /// The name that `--device` takes, such as `cpu` or `vulkan:0`.
    pub name: String,
    /// The hardware's own name.
    pub description: String,
    /// Memory in bytes, where it is known.
    pub memory_bytes: Option<u64>,
    /// Number formats it computes or stores, such as `f32`, `f16`, `bf16`.
    pub dtypes: Vec<String>,
    /// The server's models run on it.
    pub selected: bool,
}

/// Every device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceList {
    /// The processor first.
    pub devices: Vec<DeviceEntry>,
}
