//! Low-rank adapters (LoRA, arXiv 2106.09685): a small change to a model's linear maps,
//! `y = W x + strength · (alpha / rank) · B (A x)`, trained, kept and applied beside its weights.

mod applied;
mod config;
mod factors;
mod merge;
mod merged_file;
pub mod peft;
mod projection;

pub use applied::AppliedAdapter;
pub use config::LoraConfig;
pub use factors::{Adapter, LoraFactors};
pub(crate) use merge::merged;
pub use merged_file::write_merged;
pub use projection::Projection;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub(crate) mod tests;
