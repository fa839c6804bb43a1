//! LoRA fine-tuning: what can be set, and what a run tells while it goes on.

mod event;
mod settings;

pub use event::{TrainingEnd, TrainingEvent};
pub use settings::{BasePrecision, Schedule, SftSettings};
