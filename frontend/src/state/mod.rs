//! What the page remembers and what its parts share.

pub mod address;
pub mod attention;
pub mod browser_runner;
pub mod comparison;
pub mod document;
pub mod frame;
pub mod local_engine;
pub mod problem;
pub mod remembered;
pub mod run;
pub mod runner;
pub mod server_facts;
pub mod theme;
pub mod toxicity;
pub mod veil;
pub mod watched_study;
