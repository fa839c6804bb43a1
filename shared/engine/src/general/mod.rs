//! The forward pass in burn operations, for every device.

mod attention;
mod branch;
mod cache;
mod layer;
mod layout;
mod pass;
mod positions;
#[cfg(test)]
pub(crate) mod tests;

pub use cache::Cache;
pub use pass::{Chunk, GeneralPass};
#[cfg(feature = "cube")]
pub(crate) use pass::{log_probabilities, read};
