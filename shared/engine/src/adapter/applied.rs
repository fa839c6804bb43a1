//! An adapter in use.

use std::sync::Arc;

use protocol::FieldError;

use super::Adapter;
use crate::decoder::DecoderSpec;
use crate::error::EngineError;

/// Largest strength: beyond one and a half times what was trained, text falls apart.
pub const LARGEST_STRENGTH: f32 = 1.5;

/// An adapter with the strength at which it is applied. Cloning shares the numbers.
#[derive(Debug, Clone)]
pub struct AppliedAdapter {
    adapter: Arc<Adapter>,
    strength: f32,
}

impl AppliedAdapter {
    /// Checks that the adapter fits a model of this shape.
    ///
    /// # Errors
    /// An adapter for another model, a strength outside 0 … [`LARGEST_STRENGTH`].
    pub(crate) fn new(
        adapter: Arc<Adapter>,
        strength: f32,
        spec: &DecoderSpec,
    ) -> Result<Self, EngineError> {
        adapter.check(spec)?;
        check_strength(strength)?;
        Ok(Self { adapter, strength })
    }

    /// The adapter.
    pub fn adapter(&self) -> &Arc<Adapter> {
        &self.adapter
    }

    /// 0 leaves the model as it is, 1 is the adapter as trained.
    pub fn strength(&self) -> f32 {
        self.strength
    }

    /// What `B (A x)` is multiplied by.
    pub(crate) fn factor(&self) -> f32 {
        self.strength * self.adapter.scale()
    }
}

/// # Errors
/// For a strength outside 0 … [`LARGEST_STRENGTH`], NaN included.
pub(crate) fn check_strength(strength: f32) -> Result<(), EngineError> {
    if (0.0..=LARGEST_STRENGTH).contains(&strength) {
        Ok(())
    } else {
        Err(FieldError::new(
            "adapter.strength",
            format!("must be between 0 and {LARGEST_STRENGTH}, got {strength}"),
        )
        .into())
    }
}
