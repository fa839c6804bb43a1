//! Everything that can go wrong in the worker, with the ways out.

use engine::EngineError;
use protocol::api::{ErrorBody, ErrorDetail, ErrorKind};
use protocol::local::{LocalFailure, WayOut};
use wasm_bindgen::JsValue;

use crate::javascript::{error_name, explain};

/// Why something came to nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The page asked for it.
    #[error("broken off")]
    Cancelled,
    /// Nobody answered.
    #[error("the server does not answer ({0}); is `cargo run -p backend` running?")]
    Unreachable(String),
    /// The server refused and said why.
    #[error("{}", .0.message)]
    Refused(ErrorDetail),
    /// The server's answer is not what it should be.
    #[error("the server's answer cannot be used: {0}")]
    Answer(String),
    /// The downloaded file is not the one that the server has on record.
    #[error(
        "`{file}` arrived with another SHA-256 than the server has on record; \
         `backend models verify` tells whether its file is damaged"
    )]
    Digest {
        /// Name of the file.
        file: String,
    },
    /// The browser has no room for the model.
    #[error(
        "the browser gives this site no room for {bytes} more bytes; \
         remove models from this browser or free space on the disk"
    )]
    NoRoom {
        /// Bytes that did not fit.
        bytes: u64,
    },
    /// Another tab writes the same file.
    #[error("another tab of this browser is working on the same model; close it or wait for it")]
    InUse,
    /// The model's files are in no format that can be run.
    #[error("`{model}` is neither one .gguf file nor config.json, tokenizer.json and safetensors")]
    Format {
        /// Identifier of the model.
        model: String,
    },
    /// There is no WebGPU.
    #[error("WebGPU cannot be used: {0}")]
    NoWebGpu(String),
    /// Something needs a model and there is none.
    #[error("no model is loaded")]
    NoModel,
    /// The server has no adapter of that name.
    #[error("the server has no adapter `{0}`")]
    NoAdapter(String),
    /// A message of another version of the page.
    #[error("the page said something that the worker does not read ({0}); reload the page")]
    Unreadable(String),
    /// Only one scorer comes with the browser.
    #[error("the browser has the scorer `ngram` alone, not `{0}`; the server has more")]
    Scorer(String),
    /// A text has no score.
    #[error(transparent)]
    Score(#[from] scoring::scorer::ScoreError),
    /// The program was built with something broken in it.
    #[error("the embedded scorer is broken: {0}; build the page anew")]
    Broken(String),
    /// The browser refused something.
    #[error("the browser: {0}")]
    Browser(String),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Failure {
    /// What the browser threw.
    pub fn browser(error: &JsValue) -> Self {
        match error_name(error).as_str() {
            "AbortError" => Failure::Cancelled,
            "NoModificationAllowedError" => Failure::InUse,
            _ => Failure::Browser(explain(error)),
        }
    }

    /// For the page.
    pub fn told(&self) -> LocalFailure {
        LocalFailure {
            error: self.detail(),
            ways_out: self.ways_out(),
        }
    }

    /// As the server would say it.
    pub fn detail(&self) -> ErrorDetail {
        let kind = match self {
            Failure::Refused(detail) => return detail.clone(),
            Failure::Engine(error) => return ErrorBody::from(error.clone()).error,
            Failure::Cancelled
            | Failure::Unreachable(_)
            | Failure::NoRoom { .. }
            | Failure::InUse
            | Failure::NoWebGpu(_)
            | Failure::NoModel => ErrorKind::Unavailable,
            Failure::Scorer(_) | Failure::Score(_) | Failure::NoAdapter(_) => {
                ErrorKind::InvalidField
            }
            Failure::Answer(_)
            | Failure::Broken(_)
            | Failure::Digest { .. }
            | Failure::Format { .. }
            | Failure::Unreadable(_)
            | Failure::Browser(_) => ErrorKind::Internal,
        };
        ErrorBody::new(kind, self.to_string()).error
    }

    fn ways_out(&self) -> Vec<WayOut> {
        match self {
            Failure::Cancelled | Failure::Unreachable(_) | Failure::InUse => vec![WayOut::Retry],
            Failure::NoRoom { .. } => vec![WayOut::RemoveModels, WayOut::UseServer],
            Failure::NoWebGpu(_) => vec![WayOut::UseCpu, WayOut::UseServer],
            Failure::NoModel => vec![WayOut::Load],
            Failure::Engine(EngineError::Field(_) | EngineError::ContextOverflow { .. }) => {
                vec![WayOut::ChangeRequest]
            }
            Failure::Scorer(_) | Failure::Score(_) | Failure::NoAdapter(_) => {
                vec![WayOut::ChangeRequest]
            }
            Failure::Engine(EngineError::Device(_)) => vec![WayOut::UseCpu, WayOut::UseServer],
            Failure::Unreadable(_) | Failure::Broken(_) => Vec::new(),
            _ => vec![WayOut::Retry, WayOut::UseServer],
        }
    }
}
