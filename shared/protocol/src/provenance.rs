//! Where a generated text or a number comes from: enough to produce it again.

use serde::{Deserialize, Serialize};

/// Which model on which device, by which version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}
