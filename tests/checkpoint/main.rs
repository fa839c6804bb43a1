//! Checkpoint parsers: against the reference implementation, and against broken files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod quantisation;
