//! What an adapter is, without its numbers.

use std::collections::BTreeSet;

use protocol::FieldError;

use super::Projection;
use crate::error::EngineError;

/// Largest rank that is accepted: beyond it a file's header could ask for any amount of memory.
const LARGEST_RANK: usize = 4096;

/// Rank, scale and target of an adapter, by PEFT's names.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraConfig {
    /// Rank of the change to each map, at least 1.
    pub rank: usize,
    /// The change is multiplied by `alpha / rank`.
    pub alpha: f32,
    /// Part of the inputs of A that training leaves out, 0 ≤ dropout < 1. Generation uses all.
    pub dropout: f32,
    /// Which maps of every block are changed, at least one.
    pub target_modules: BTreeSet<Projection>,
    /// What the model is called that it was made for.
    pub base_model: Option<String>,
}

impl LoraConfig {
    /// What `B (A x)` is multiplied by at strength 1 (arXiv 2106.09685 §4.1).
    pub fn scale(&self) -> f32 {
        self.alpha / self.rank as f32
    }

    /// Checks every field.
    ///
    /// # Errors
    /// For a field outside its range, by name.
    pub fn validate(&self) -> Result<(), EngineError> {
        let error = |field: &str, message: String| Err(FieldError::new(field, message).into());
        if self.rank == 0 || self.rank > LARGEST_RANK {
            return error(
                "rank",
                format!("must be between 1 and {LARGEST_RANK}, is {}", self.rank),
            );
        }
        if !self.alpha.is_finite() || self.alpha <= 0.0 {
            return error(
                "alpha",
                format!("must be a positive number, is {}", self.alpha),
            );
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return error(
                "dropout",
                format!("must be at least 0 and below 1, is {}", self.dropout),
            );
        }
        if self.target_modules.is_empty() {
            return error("target_modules", "names no map of a block".to_owned());
        }
        Ok(())
    }
}
