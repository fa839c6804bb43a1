//! Runs a language model on a burn device. Bytes in, tokens and tensors out: no files, no network,
//! no clock, and therefore the same code natively and in the browser.

pub mod adapter;
pub mod architecture;
pub mod checkpoint;
pub mod decoder;
pub mod device;
pub mod error;
pub mod fused;
pub mod general;
pub mod generate;
pub mod gradient;
pub mod hooks;
pub mod kernels;
pub mod measure;
pub mod model;
pub mod runner;
pub mod tokenizer;
pub mod trim;

pub use error::{CheckpointError, EngineError};
pub use model::{LoadOptions, Model, WeightFormat};
