//! Runs a language model on a burn device. Bytes in, tokens and tensors out: no files, no network,
//! no clock, and therefore the same code natively and in the browser.

pub mod checkpoint;
pub mod decoder;
pub mod error;
pub mod generate;
pub mod kernels;
pub mod tokenizer;

pub use error::{CheckpointError, EngineError};
