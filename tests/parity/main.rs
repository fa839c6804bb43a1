//! The engine against the implementations it has to agree with: transformers on tiny random
//! checkpoints, llama.cpp on the real files. Beside each reference lies the exporter that wrote it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adapter;
mod llama_cpp;
mod tiny;
mod training;
