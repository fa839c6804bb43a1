//! A value that lies outside what its field allows.

use serde::{Deserialize, Serialize};

/// Which field of a request was wrong, and why. Shown as is on the command line and in API errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("`{field}`: {message}")]
pub struct FieldError {
    /// Name of the field as it is written in the API and (with dashes) on the command line.
    pub field: String,
    /// What was wrong and what is allowed.
    pub message: String,
}

impl FieldError {
    /// Names `field` and says what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}
