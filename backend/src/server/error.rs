//! Errors become the one error body and its status here, and nowhere else.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::EngineError;
use protocol::FieldError;
use protocol::api::{ErrorBody, ErrorKind};

use crate::adapters::AdapterError;
use crate::executor::{Failure, Refusal, ShelfError};
use crate::study::StudyError;

/// A response that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    body: ErrorBody,
    retry_after: Option<u64>,
}

impl ApiError {
    /// An error that is not about one field.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        ErrorBody::new(kind, message).into()
    }

    /// A field that has a value which is not allowed.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        ErrorBody::field(ErrorKind::InvalidField, field, message).into()
    }

    /// What is sent.
    pub fn into_body(self) -> ErrorBody {
        self.body
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.body.error.kind
    }

    /// Gives the field at fault the name that it has in this endpoint.
    #[must_use]
    pub fn rename_field(mut self, from: &str, to: &str) -> Self {
        if self.body.error.field.as_deref() == Some(from) {
            self.body.error.field = Some(to.to_owned());
        }
        self
    }
}

impl From<ErrorBody> for ApiError {
    fn from(body: ErrorBody) -> Self {
        Self {
            body,
            retry_after: None,
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::field(error.field, error.message)
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        ErrorBody::from(error).into()
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => error.into(),
            Failure::Panicked(_) => Self::new(ErrorKind::Internal, failure.to_string()),
            Failure::SlowReader(_) => Self::new(ErrorKind::Timeout, failure.to_string()),
            Failure::ShuttingDown => Self::new(ErrorKind::ShuttingDown, failure.to_string()),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Request(error) => error.into(),
            Refusal::Full { retry_after, .. } => Self {
                body: ErrorBody::new(ErrorKind::Overloaded, refusal.to_string()),
                retry_after: Some(retry_after),
            },
            Refusal::Failed => Self::new(ErrorKind::Unavailable, refusal.to_string()),
            Refusal::ShuttingDown => Self::new(ErrorKind::ShuttingDown, refusal.to_string()),
        }
    }
}

impl From<AdapterError> for ApiError {
    fn from(error: AdapterError) -> Self {
        let message = error.to_string();
        let kind = match error {
            AdapterError::InvalidName { .. } | AdapterError::Unknown { .. } => ErrorKind::NotFound,
            AdapterError::OtherModel { .. } | AdapterError::Engine { .. } => {
                ErrorKind::InvalidField
            }
            _ => {
                tracing::warn!(%message, "an adapter cannot be had");
                ErrorKind::Unavailable
            }
        };
        ErrorBody::field(kind, "adapter", message).into()
    }
}

impl From<StudyError> for ApiError {
    fn from(error: StudyError) -> Self {
        let help = error.help().map(|help| format!(" ({help})"));
        let message = format!("{error}{}", help.unwrap_or_default());
        match error {
            StudyError::Field(error) => Self::field(
                format!("spec.{}", error.field.trim_start_matches("spec.")),
                error.message,
            ),
            StudyError::Unknown { .. } => {
                ErrorBody::field(ErrorKind::NotFound, "name", message).into()
            }
            StudyError::NoResults { .. } => Self::new(ErrorKind::NotFound, message),
            StudyError::AlreadyThere { .. } => Self::field("spec.name", message),
            StudyError::NoData { .. } => Self::field("spec.data", message),
            StudyError::Scorer(_) => Self::field("spec.scorers", message),
            StudyError::NoMatrix { .. } => Self::field("metric", message),
            StudyError::ReadOnly { .. } => Self::field("name", message),
            StudyError::Busy { .. } => Self {
                body: ErrorBody::new(ErrorKind::Overloaded, message),
                retry_after: Some(60),
            },
            _ => Self::new(ErrorKind::Unavailable, message),
        }
    }
}

impl From<ShelfError> for ApiError {
    fn from(error: ShelfError) -> Self {
        match error {
            ShelfError::Unknown(message) => {
                ErrorBody::field(ErrorKind::ModelNotFound, "model", message).into()
            }
            ShelfError::Unavailable(message) => {
                ErrorBody::field(ErrorKind::Unavailable, "model", message).into()
            }
            ShelfError::NoRoom(_) => Self {
                body: ErrorBody::field(ErrorKind::Unavailable, "model", error.to_string()),
                retry_after: Some(5),
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = self.kind();
        let status =
            StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if kind == ErrorKind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // Read by the middleware that counts errors.
        response.extensions_mut().insert(kind);
        response
    }
}
