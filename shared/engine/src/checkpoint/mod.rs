//! Checkpoint files as bounds-checked parsers over bytes.
//!
//! A file is untrusted: every count and length in it is compared with the bytes that are left
//! before anything is allocated, and [`budget::Budget`] keeps what a header unfolds to below twice
//! the file.

mod budget;
pub mod gguf;
pub mod quantisation;
pub mod safetensors;
pub mod source;
pub mod store;
pub mod tensor;
pub mod tensor_type;

pub use source::{ByteSource, MemorySource};
pub use store::TensorStore;
pub use tensor::{StoredTensor, TensorInfo};
pub use tensor_type::TensorType;
