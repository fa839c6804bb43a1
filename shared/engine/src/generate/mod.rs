//! From logits to a stream of text.

pub mod generator;
mod lanes;
pub mod processor;
pub mod request;
pub mod sampler;
mod sequence;
mod stop;

pub use generator::Generator;
pub use processor::LogitsProcessor;
pub use request::{GenerationEvent, GenerationRequest, Prompt, SequenceId};
