//! Low-rank adapters (LoRA, arXiv 2106.09685): a small change to a model's linear maps,
//! `y = W x + strength · (alpha / rank) · B (A x)`, trained, kept and applied beside its weights.

mod config;
mod factors;
mod projection;

pub use config::LoraConfig;
pub use factors::{Adapter, LoraFactors};
pub use projection::Projection;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
