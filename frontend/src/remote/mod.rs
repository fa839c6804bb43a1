//! Talks to the server that the page came from.

pub mod address;
pub mod download;
pub mod events;
mod failure;
pub mod fetch;
pub mod generate;
pub mod reach;
pub mod runner;
pub mod studies;
pub mod token;

pub use failure::RemoteFailure;
