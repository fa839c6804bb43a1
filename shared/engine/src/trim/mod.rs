//! Vocabulary trimming: a model that keeps only the tokens some languages need.
//!
//! Most of a small multilingual model is its embedding. [`select`] finds the tokens to keep,
//! [`plan`] renumbers the vocabulary, [`write()`] copies the file with the other rows left out. Kept
//! rows are copied as they are, so the trimmed model's logits are the full model's at the kept
//! tokens; its probabilities are the full ones, renormalised.

mod coverage;
mod merge_paths;
mod plan;
mod script;
mod select;
mod write;

pub use coverage::Coverage;
pub use plan::{Provenance, plan};
pub use select::{Selection, Selector};
pub use write::write;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
