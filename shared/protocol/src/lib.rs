//! The vocabulary that server, browser and engine share: pure data with serde, no I/O.

pub mod adapter;
pub mod agreement;
pub mod api;
pub mod data;
pub mod evaluation;
pub mod field_error;
pub mod generation;
pub mod language;
pub mod local;
pub mod matrix;
pub mod provenance;
pub mod study;
pub mod training;

pub use field_error::FieldError;
