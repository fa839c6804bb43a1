//! The native side of Polydetox: command line, server, and where models come from.

pub mod adapters;
pub mod cli;
pub mod data;
pub mod executor;
pub mod hub;
pub mod scoring;
pub mod server;
pub mod store;
pub mod study;
pub mod training;
