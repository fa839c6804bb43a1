//! Talks to the server that the page came from.

mod failure;
pub mod fetch;
pub mod generate;
pub mod runner;

pub use failure::RemoteFailure;
