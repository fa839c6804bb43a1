//! What is known of an adapter beside PEFT's own files: `polydetox.json` in its directory.

use protocol::adapter::BaseModel;
use serde::{Deserialize, Serialize};

/// Name of the record.
pub const RECORD: &str = "polydetox.json";

/// Where an adapter comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterRecord {
    /// The model that it was made for.
    pub base_model: BaseModel,
    /// SHA-256 of `adapter_model.safetensors`, by which provenance names the adapter.
    pub sha256: String,
    /// What made it, in words: `train sft`, a study's cell, the path it was imported from.
    pub origin: String,
    /// Version of the program that wrote it here.
    pub version: String,
    /// Settings and figures of its training, as the training knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<serde_json::Value>,
}
