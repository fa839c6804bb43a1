//! From logits to a stream of text.

pub mod processor;
pub mod request;

pub use processor::LogitsProcessor;
pub use request::{GenerationEvent, GenerationRequest, Prompt, SequenceId};
