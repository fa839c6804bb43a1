//! `GET /api/models`: what can be run.

use serde::{Deserialize, Serialize};

/// A model the server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelEntry {
    /// Identifier, as requests name it.
    pub id: String,
    /// Architecture family.
    pub family: String,
    /// Languages it was trained on, as BCP-47 codes; empty where unknown.
    pub languages: Vec<String>,
    /// Licence or terms of use.
    pub licence: String,
    /// Size of its files in bytes.
    pub bytes: u64,
    /// Its files are on this machine.
    pub installed: bool,
    /// It is in memory.
    pub loaded: bool,
    /// It is used where a request names no model.
    pub default: bool,
}

/// Every model the server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelList {
    /// In the order of the manifest.
    pub models: Vec<ModelEntry>,
}
