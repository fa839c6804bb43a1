//! Runs one model for many askers. One thread per loaded model owns its generator; a bounded queue
//! stands in front. Between two steps of the generator, new requests join the batch, cancelled ones
//! leave it, and one batch of measuring is done.

mod counters;
mod failure;
mod generation;
mod handle;
mod measurement;
mod model;
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
pub use failure::{Failure, Refusal};
pub use generation::{Generation, Scoring};
pub use handle::{Executor, Limits};
pub use model::{TextGenerator, TextModel};
pub use shelf::{Library, Loaded, Shelf, ShelfError, Shelved, Title};
