//! Checkpoint parsers: against the reference implementation, and against broken files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod corpus;
mod gguf_malformed;
mod gguf_writer;
mod malformed;
mod quantisation;
mod raw_gguf;
mod raw_safetensors;
mod safetensors;
mod safetensors_malformed;
#[path = "../fuzz/targets.rs"]
mod targets;
mod tokenizer_json;
mod vocabularies;
