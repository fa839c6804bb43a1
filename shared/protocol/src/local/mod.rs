//! What the page and its inference worker say to each other: each message is one JSON text, sent
//! with `postMessage`. The page sends [`Command`]s, the worker answers with [`Event`]s.
//!
//! A worker's life: it says `Ready`; `Start` is answered by `Capabilities`. `Load` is followed by
//! `Stage`, `Download` and `Trial` events and ends with `Loaded`, `LoadCancelled` or `Failed`. Then
//! `Generate` and `Force` work, under ids that the page chooses. A worker has one model; loading
//! another drops it. `Score` and `Identify` need none.

mod capabilities;
mod command;
mod device;
mod event;
mod failure;

pub use capabilities::{CachedModel, Capabilities, StorageEstimate, WebGpuAdapter, WebGpuReport};
pub use command::Command;
pub use device::{DeviceChoice, DeviceReason, DeviceTrial, LocalDevice};
pub use event::{
    AfterLoss, Download, Event, FailedCommand, IdentifiedLanguage, LoadStage, LoadedModel,
};
pub use failure::{LocalFailure, WayOut};
