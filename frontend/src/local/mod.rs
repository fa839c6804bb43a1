//! The model that runs in this browser: the page's end of the inference worker.

mod client;
mod process;

pub use client::LocalClient;
