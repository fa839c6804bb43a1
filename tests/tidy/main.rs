//! The invariants of ARCHITECTURE.md that a compiler does not check.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod code;
mod dependencies;
mod repository;
mod rooms;
mod text;
