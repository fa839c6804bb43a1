//! Where a generated text or a number comes from: enough to produce it again.

use crate::adapter::AdapterChoice;
use serde::{Deserialize, Serialize};

/// Which model on which device, by which version of the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelProvenance {
    /// Identifier of the model, or the path it was loaded from.
    pub model: String,
    /// SHA-256 of the weights file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// How the weights are held in memory.
    pub weights: String,
    /// Device that ran it.
    pub device: String,
    /// Version of this program.
    pub version: String,
    /// The adapter that was applied beside the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterProvenance>,
}

impl ModelProvenance {
    /// The same model on the same device with an adapter.
    #[must_use]
    pub fn with_adapter(&self, adapter: Option<AdapterProvenance>) -> Self {
        Self {
            adapter,
            ..self.clone()
        }
    }
}

impl AdapterProvenance {
    /// What asks for the same again.
    pub fn choice(&self) -> AdapterChoice {
        AdapterChoice {
            name: self.name.clone(),
            strength: self.strength,
        }
    }
}

/// Which adapter, and how strongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdapterProvenance {
    /// Name of the adapter, or the path it was read from.
    pub name: String,
    /// SHA-256 of its tensors file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// 1 is the adapter as trained.
    pub strength: f32,
}
