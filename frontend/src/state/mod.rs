//! What the page remembers and what its parts share.

pub mod frame;
pub mod problem;
pub mod remembered;
pub mod run;
pub mod runner;
pub mod server_facts;
pub mod theme;
pub mod veil;
