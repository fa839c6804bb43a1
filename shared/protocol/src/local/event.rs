//! What the worker tells the page.

use serde::{Deserialize, Serialize};

use super::capabilities::{Capabilities, StorageEstimate};
use super::device::{DeviceReason, DeviceTrial, LocalDevice};
use super::failure::LocalFailure;
use crate::api::forced_decoding::ForcedDecodingResponse;
use crate::api::generate::StreamEvent;
use crate::api::score::ScoreResponse;
use crate::language::Language;
use crate::provenance::ModelProvenance;

/// A message of the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The worker's program runs: its first message. Commands sent before it are lost, so the
    /// page's client holds them back until then.
    Ready,
    /// Answers `Start`.
    Capabilities {
        /// The report.
        capabilities: Box<Capabilities>,
    },
    /// A load has reached its next stage.
    Stage {
        /// Which.
        stage: LoadStage,
    },
    /// How far the download is; at most a few times a second, and once at the end.
    Download {
        /// The figures.
        download: Download,
    },
    /// What was measured on each device; only where the choice was `Auto` and there were two.
    Trial {
        /// The processor first.
        trials: Vec<DeviceTrial>,
    },
    /// The model can be used; a load's last event.
    Loaded {
        /// The model.
        loaded: Box<LoadedModel>,
    },
    /// A load was broken off; its last event.
    LoadCancelled,
    /// A step of a generation: the same events, in the same order, as the server streams.
    Generation {
        /// Of the `Generate` command.
        id: u64,
        /// `Start` first; `Done` or `Error` last.
        event: StreamEvent,
    },
    /// Answers `Force`.
    Forced {
        /// Of the `Force` command.
        id: u64,
        /// As the server would answer.
        response: ForcedDecodingResponse,
    },
    /// Answers `Score`.
    Scored {
        /// Of the `Score` command.
        id: u64,
        /// As the server would answer.
        response: ScoreResponse,
    },
    /// Answers `Identify`.
    Identified {
        /// Of the `Identify` command.
        id: u64,
        /// What the text is in.
        found: IdentifiedLanguage,
    },
    /// Answers `Remove`.
    Removed {
        /// Identifier of the model.
        model: String,
        /// What this site uses now.
        storage: Option<StorageEstimate>,
    },
    /// The graphics card was taken away. Everything under way has ended; the model is not loaded
    /// any more. The page's client does what `next` says.
    DeviceLost {
        /// What the browser said.
        reason: String,
        /// What happens next.
        next: AfterLoss,
    },
    /// A command came to nothing. Generations fail with a `StreamEvent::Error` instead.
    Failed {
        /// Which.
        command: FailedCommand,
        /// What went wrong.
        failure: LocalFailure,
    },
    /// The worker's program has ended on an error of its own. The page's client starts another
    /// one, which has no model loaded.
    Crashed {
        /// What went wrong.
        failure: LocalFailure,
    },
}

/// A command that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FailedCommand {
    /// `Load`; no model is loaded now.
    Load {
        /// Identifier of the model.
        model: String,
    },
    /// `Force`.
    Force {
        /// Of the command.
        id: u64,
    },
    /// `Score`.
    Score {
        /// Of the command.
        id: u64,
    },
    /// `Remove`.
    Remove {
        /// Identifier of the model.
        model: String,
    },
    /// Something that this version of the worker does not read.
    Unreadable,
}

/// What language a text seems to be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifiedLanguage {
    /// One of the seven; absent where it is another one or too little text.
    pub language: Option<Language>,
    /// English name of another language that was recognised.
    pub other: Option<String>,
}

/// What a load does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadStage {
    /// Asking which files there are, and checking what the browser has of them.
    Check,
    /// Fetching what is missing.
    Download,
    /// Reading the weights.
    Load,
    /// The first step, which compiles the shaders on WebGPU.
    WarmUp,
    /// A few tokens on each device.
    Trial,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Download {
    /// Bytes that are here, those of earlier visits included.
    pub received: u64,
    /// Bytes of all files.
    pub total: u64,
    /// Of this download, over the last seconds; 0 while unknown.
    pub bytes_per_second: f64,
    /// Bytes that were here from earlier visits and are intact.
    pub from_cache: u64,
    /// Bytes that were here, were found damaged, and are fetched again.
    pub damaged: u64,
}

/// A model that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadedModel {
    /// Identifier, SHA-256, kind of weights, device and version, as each generation repeats them.
    pub provenance: ModelProvenance,
    /// Where it runs.
    pub device: LocalDevice,
    /// Why there.
    pub reason: DeviceReason,
    /// From the last byte's arrival to here.
    pub load_seconds: f64,
    /// Memory of its weights.
    pub weight_bytes: u64,
    /// Memory of the worker's program as a whole, the graphics card's excluded.
    pub worker_bytes: u64,
    /// Positions of its context.
    pub context_length: usize,
    /// Layers, to judge the number of dispatches by.
    pub layers: usize,
    /// Shader dispatches of one decoded token; absent on the processor.
    pub dispatches_per_token: Option<u64>,
    /// It is in this browser for the next visit.
    pub cached: bool,
}

/// What happens after a graphics card was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterLoss {
    /// The model is loaded on WebGPU once more.
    RetryWebGpu,
    /// The model is loaded on the processor.
    UseCpu,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::generation::FinishReason;

    #[test]
    fn a_generation_carries_the_servers_events() {
        let done = StreamEvent::Done {
            text: String::new(),
            finish_reason: FinishReason::Cancelled,
            completion_tokens: 3,
        };
        let event = Event::Generation {
            id: 4,
            event: done.clone(),
        };
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["type"], "generation");
        assert_eq!(value["event"], serde_json::to_value(&done).unwrap());
        assert_eq!(serde_json::from_value::<Event>(value).unwrap(), event);
    }
}
