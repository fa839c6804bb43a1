//! An error as the reader meets it: what happened, and what can be done.

use protocol::api::{ErrorDetail, ErrorKind};
use protocol::local::{LocalFailure, WayOut};

use crate::remote::RemoteFailure;

/// What went wrong, with the ways out that the page offers as buttons.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// For the reader.
    pub message: String,
    /// The best first.
    pub ways_out: Vec<WayOut>,
}

impl From<ErrorDetail> for Problem {
    fn from(error: ErrorDetail) -> Self {
        let ways_out = match error.kind {
            ErrorKind::InvalidField => vec![WayOut::ChangeRequest],
            _ => vec![WayOut::Retry],
        };
        let message = match error.field {
            Some(field) => format!("{field}: {}", error.message),
            None => error.message,
        };
        Self { message, ways_out }
    }
}

impl From<RemoteFailure> for Problem {
    fn from(failure: RemoteFailure) -> Self {
        match failure {
            RemoteFailure::Refused(error) => error.into(),
            failure => Self {
                message: failure.to_string(),
                ways_out: vec![WayOut::Retry],
            },
        }
    }
}

impl From<LocalFailure> for Problem {
    fn from(failure: LocalFailure) -> Self {
        Self {
            ways_out: failure.ways_out,
            ..failure.error.into()
        }
    }
}
