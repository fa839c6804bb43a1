//! Checkpoint files as bounds-checked parsers over bytes.

pub mod source;

pub use source::{ByteSource, MemorySource};
