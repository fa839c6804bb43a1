//! Adapters: small trained changes to a model that can be switched on and off.

use serde::{Deserialize, Serialize};

use crate::FieldError;
use crate::api::model_files::ModelFile;
use crate::provenance::ModelProvenance;

/// Largest strength: beyond one and a half times what was trained, text falls apart.
pub const LARGEST_STRENGTH: f32 = 1.5;

/// Refuses a strength outside 0 … [`LARGEST_STRENGTH`], NaN included.
///
/// # Errors
/// Names the field `adapter.strength`.
pub fn check_strength(strength: f32) -> Result<(), FieldError> {
    if (0.0..=LARGEST_STRENGTH).contains(&strength) {
        Ok(())
    } else {
        Err(FieldError::new(
            "adapter.strength",
            format!("must be between 0 and {LARGEST_STRENGTH}, got {strength}"),
        ))
    }
}

/// Which adapter a generation uses, and how strongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AdapterChoice {
    /// Name of the adapter; `GET /api/adapters` lists them.
    pub name: String,
    /// 0 leaves the model as it is, 1 is the adapter as trained; at most 1.5.
    #[serde(default = "as_trained")]
    pub strength: f32,
}

fn as_trained() -> f32 {
    1.0
}

/// The model that an adapter was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaseModel {
    /// Identifier of the model.
    pub model: String,
    /// SHA-256 by which provenance names it.
    pub sha256: String,
}

impl From<&ModelProvenance> for BaseModel {
    fn from(model: &ModelProvenance) -> Self {
        Self {
            model: model.model.clone(),
            sha256: model.sha256.clone(),
        }
    }
}

/// An adapter of the server's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdapterEntry {
    /// Name.
    pub name: String,
    /// The model that it was made for; another one refuses it.
    pub base_model: BaseModel,
    /// SHA-256 of its tensors file, by which provenance names it.
    pub sha256: String,
    /// Rank of the change to each map.
    pub rank: usize,
    /// Its change is multiplied by `alpha / rank`.
    pub alpha: f32,
    /// The maps of each block that it changes, such as `q_proj`.
    pub target_modules: Vec<String>,
    /// What made it, in words.
    pub origin: String,
    /// Its files; `GET /api/adapters/{name}/files/{file}` answers with their bytes.
    pub files: Vec<ModelFile>,
}

/// Answer of `GET /api/adapters`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdapterList {
    /// The adapters, by name.
    pub adapters: Vec<AdapterEntry>,
    /// What lies among them and cannot be used: each with its name and the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenAdapter>,
}

/// An adapter that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenAdapter {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub error: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_without_a_strength_is_the_adapter_as_trained() {
        let choice: AdapterChoice = serde_json::from_str(r#"{"name":"a"}"#).unwrap();
        assert_eq!(choice.strength, 1.0);
        assert!(serde_json::from_str::<AdapterChoice>(r#"{"name":"a","strenght":1}"#).is_err());
    }

    #[test]
    fn strengths_have_both_bounds() {
        for good in [0.0, 1.0, LARGEST_STRENGTH] {
            assert!(check_strength(good).is_ok());
        }
        for bad in [-0.01, 1.51, f32::NAN, f32::INFINITY] {
            assert_eq!(check_strength(bad).unwrap_err().field, "adapter.strength");
        }
    }
}
