//! Runs one model for many askers. One thread per loaded model owns its generator; a bounded queue
//! stands in front. Between two steps of the generator, new requests join the batch, cancelled ones
//! leave it, and one batch of measuring is done.

mod counters;
mod engine_model;
mod failure;
mod generation;
mod handle;
mod hub_library;
mod measurement;
mod model;
mod reader;
mod running;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub(crate) mod scripted;
mod shelf;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod worker;

pub use counters::{Counters, Load};
pub use engine_model::EngineModel;
pub use failure::{Failure, Refusal};
pub use generation::{Completion, Generation, Measuring};
pub use handle::{Executor, Limits};
pub use hub_library::HubLibrary;
pub use model::{Forced, TextGenerator, TextModel};
pub use reader::{ModelReader, devices};
pub use shelf::{FilesOnDisk, Library, Loaded, Shelf, ShelfError, Shelved, Title};
