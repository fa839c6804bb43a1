//! Why the server gave no usable answer.

use std::fmt::{Display, Formatter};

use protocol::api::{ErrorDetail, ErrorKind};

/// Why a request came to nothing. Its text is for the reader of the page.
#[derive(Debug, Clone, PartialEq)]
pub enum RemoteFailure {
    /// Nobody answered.
    Unreachable,
    /// The server refused and said why.
    Refused(ErrorDetail),
    /// Something else than this project's server answered with this status.
    Foreign(u16),
    /// The answer is not what this version of the page reads.
    Unreadable(String),
    /// The reader of the page asked to stop.
    Stopped,
}

impl RemoteFailure {
    /// Whether the same request may find an answer later, as when the server is started again.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Foreign(_))
    }

    /// Whether the server asks for a token.
    pub fn wants_token(&self) -> bool {
        matches!(self, Self::Refused(detail) if detail.kind == ErrorKind::Unauthorized)
    }
}

impl Display for RemoteFailure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            RemoteFailure::Unreachable => {
                formatter.write_str("No server answers. Is `cargo run -p backend` running?")
            }
            // The page asks for it above, once for all that was refused.
            RemoteFailure::Refused(_) if self.wants_token() => {
                formatter.write_str("The server wants its token first.")
            }
            RemoteFailure::Refused(detail) => match &detail.field {
                Some(field) => write!(formatter, "{field}: {}", detail.message),
                None => formatter.write_str(&detail.message),
            },
            RemoteFailure::Foreign(status) => write!(
                formatter,
                "Status {status} without an explanation. Is `cargo run -p backend` running?"
            ),
            RemoteFailure::Unreadable(reason) => {
                write!(formatter, "The server's answer cannot be read: {reason}")
            }
            RemoteFailure::Stopped => formatter.write_str("Stopped."),
        }
    }
}
