//! Matrices: what a model that was fine-tuned in one language (row) does in another (column).

pub mod audit;
pub mod claims;
pub mod export;
pub mod parse;
pub mod published;
pub mod table;

pub use table::{Metric, Row, Table};
