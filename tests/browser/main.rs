//! The page in a real browser, served by the real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adapters;
mod data;
mod http;
mod local;
mod matrices;
mod page;
mod playground;
mod scorers;
mod server;
mod steps;
mod studies;
mod token;
mod webdriver;
