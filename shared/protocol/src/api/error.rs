//! The one error body of every endpoint.

use serde::{Deserialize, Serialize};

/// Kinds of errors, each with one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// 400: the body is not JSON.
    InvalidJson,
    /// 401: a token is required and missing or wrong.
    Unauthorized,
    /// 403: the page that sent the request lies on another origin.
    ForeignOrigin,
    /// 404: no such address.
    NotFound,
    /// 404: no model of that name is known.
    ModelNotFound,
    /// 405: the address exists, the method does not.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    Timeout,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 415: the body is not declared as `application/json`.
    UnsupportedMediaType,
    /// 421: the `Host` header names a host that this server does not answer for.
    UnknownHost,
    /// 422: a field has a value that is not allowed.
    InvalidField,
    /// 429: every place in the queue is taken; see `Retry-After`.
    Overloaded,
    /// 500: the engine or the server failed.
    Internal,
    /// 503: the model cannot be used now.
    Unavailable,
    /// 503: the server is being stopped.
    ShuttingDown,
}

impl ErrorKind {
    /// The HTTP status that carries this kind.
    pub fn status(self) -> u16 {
        match self {
            ErrorKind::InvalidJson => 400,
            ErrorKind::Unauthorized => 401,
            ErrorKind::ForeignOrigin => 403,
            ErrorKind::NotFound | ErrorKind::ModelNotFound => 404,
            ErrorKind::MethodNotAllowed => 405,
            ErrorKind::Timeout => 408,
            ErrorKind::BodyTooLarge => 413,
            ErrorKind::UnsupportedMediaType => 415,
            ErrorKind::UnknownHost => 421,
            ErrorKind::InvalidField => 422,
            ErrorKind::Overloaded => 429,
            ErrorKind::Internal => 500,
            ErrorKind::Unavailable | ErrorKind::ShuttingDown => 503,
        }
    }
}

/// The body of every response that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    /// The kind, for programs.
    #[serde(rename = "type")]
    pub kind: ErrorKind,
    /// The reason, for people.
    pub message: String,
    /// The field of the request at fault, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl ErrorBody {
    /// An error that is not about one field.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            error: ErrorDetail {
                kind,
                message: message.into(),
                field: None,
            },
        }
    }

    /// An error about the field of that name.
    pub fn field(kind: ErrorKind, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error: ErrorDetail {
                kind,
                message: message.into(),
                field: Some(field.into()),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_left_out_where_there_is_none() {
        let plain = ErrorBody::new(ErrorKind::Overloaded, "full");
        assert_eq!(
            serde_json::to_string(&plain).unwrap(),
            r#"{"error":{"type":"overloaded","message":"full"}}"#
        );
        let named = ErrorBody::field(ErrorKind::InvalidField, "top_p", "too large");
        let text = serde_json::to_string(&named).unwrap();
        assert_eq!(
            text,
            r#"{"error":{"type":"invalid_field","message":"too large","field":"top_p"}}"#
        );
        assert_eq!(serde_json::from_str::<ErrorBody>(&text).unwrap(), named);
    }
}
