//! Everything that can go wrong in the engine, by the place where it goes wrong.

use protocol::FieldError;
use protocol::api::{ErrorBody, ErrorKind};

/// A checkpoint, adapter or tokenizer file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {place}: {reason}")]
pub struct CheckpointError {
    /// Name of the file, as its source gives it.
    pub file: String,
    /// Header field, metadata key or tensor at fault.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

impl CheckpointError {
    /// Names the file, the place in it and the reason.
    pub fn new(
        file: impl Into<String>,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            place: place.into(),
            reason: reason.into(),
        }
    }
}

/// The engine's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    // === Files ===
    /// A checkpoint file is broken or incomplete.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of a family this engine does not run.
    #[error("{file}: architecture `{name}` is not supported; supported are {supported}")]
    UnsupportedArchitecture {
        /// Name of the file.
        file: String,
        /// What the file calls its architecture.
        name: String,
        /// The families that are supported.
        supported: String,
    },
    /// The tokenizer cannot be built or refused a text.
    #[error("tokenizer: {0}")]
    Tokenizer(String),

    // === Requests ===
    /// A setting is outside its range.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The prompt and the new tokens do not fit the context.
    #[error("`{field}`: {tokens} tokens do not fit the context of {context}")]
    ContextOverflow {
        /// The field that is too long.
        field: String,
        /// Tokens asked for.
        tokens: usize,
        /// Tokens that fit.
        context: usize,
    },
    /// A token id that the vocabulary does not have.
    #[error("token {token} is not in the vocabulary of {vocabulary}")]
    TokenOutOfRange {
        /// The id.
        token: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },

    // === Devices ===
    /// The device failed or cannot do what was asked.
    #[error("device: {0}")]
    Device(String),
}

impl From<EngineError> for ErrorBody {
    /// The error as server and browser tell it: what is wrong with a request names the field.
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Field(FieldError { field, message }) => {
                Self::field(ErrorKind::InvalidField, field, message)
            }
            EngineError::ContextOverflow {
                field,
                tokens,
                context,
            } => Self::field(
                ErrorKind::InvalidField,
                field,
                format!("{tokens} tokens do not fit the context of {context}"),
            ),
            EngineError::Checkpoint(_)
            | EngineError::UnsupportedArchitecture { .. }
            | EngineError::Tokenizer(_)
            | EngineError::TokenOutOfRange { .. }
            | EngineError::Device(_) => Self::new(ErrorKind::Internal, error.to_string()),
        }
    }
}
