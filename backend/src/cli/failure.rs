//! What a subcommand returns when it cannot do its work, and how that is shown: once, on stderr,
//! as `error: …` and, where there is something to do about it, `help: …`.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use engine::{CheckpointError, EngineError};
use protocol::FieldError;

use crate::adapters::AdapterError;
use crate::data::DataError;
use crate::hub::HubError;
use crate::training::TrainingError;

/// Exit status of the program, as shells expect them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// 0: nothing went wrong, or the reader of our output went away.
    Success,
    /// 1: the work failed.
    Failed,
    /// 2: the command line is at fault.
    Usage,
    /// 130: the user pressed Ctrl-C.
    Interrupted,
}

/// The end of a subcommand that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    help: Option<String>,
    status: Status,
}

impl Failure {
    /// The work failed; exit status 1.
    pub fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            help: None,
            status: Status::Failed,
        }
    }

    /// The command line is at fault; exit status 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            status: Status::Usage,
            ..Self::new(message)
        }
    }

    /// The user pressed Ctrl-C; exit status 130.
    pub fn interrupted() -> Self {
        Self {
            status: Status::Interrupted,
            ..Self::new("interrupted")
        }
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// Writes the failure to stderr and gives the exit status.
    pub(super) fn report(&self) -> ExitCode {
        if self.status != Status::Success {
            let mut stderr = std::io::stderr().lock();
            // Nobody is left to be told when stderr is closed.
            let _ = writeln!(stderr, "error: {}", self.message);
            if let Some(help) = &self.help {
                let _ = writeln!(stderr, "help: {help}");
            }
        }
        match self.status {
            Status::Success => ExitCode::SUCCESS,
            Status::Failed => ExitCode::FAILURE,
            Status::Usage => ExitCode::from(2),
            Status::Interrupted => ExitCode::from(130),
        }
    }
}

/// Failed output. A reader that closed the pipe (`| head`) has what it wanted: that ends the
/// program quietly.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let status = match error.kind() {
            std::io::ErrorKind::BrokenPipe => Status::Success,
            _ => Status::Failed,
        };
        Self {
            status,
            ..Self::new(error)
        }
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self::usage(error)
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Self::new(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Field(field) => field.into(),
            other => Self::new(other),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::new(error)
    }
}

impl From<TrainingError> for Failure {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Field(field) => field.into(),
            TrainingError::File(error) => error.into(),
            TrainingError::NoValidation => Self::usage(error),
            other => Self::new(other),
        }
    }
}

impl From<AdapterError> for Failure {
    fn from(error: AdapterError) -> Self {
        let help = error.help();
        let failure = match error {
            AdapterError::InvalidName { .. } => Self::usage(error),
            other => Self::new(other),
        };
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        let help = error.help();
        let failure = match error {
            HubError::InvalidId { .. } => Self::usage(error),
            other => Self::new(other),
        };
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
