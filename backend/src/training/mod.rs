//! LoRA fine-tuning on texts: batches, optimiser, schedule, checkpoints. The gradients are the
//! engine's.

mod adamw;
mod batches;
mod checkpoint;
mod error;
mod learner;
mod schedule;
mod sft;
#[cfg(test)]
mod tests;

pub use adamw::AdamW;
pub use error::TrainingError;
pub(crate) use learner::{Learner, config};
pub use protocol::training::{BasePrecision, Schedule, SftSettings, TrainingEnd, TrainingEvent};
pub use sft::{TrainedAdapter, train_sft};
