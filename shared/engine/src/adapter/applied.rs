//! An adapter in use.

use std::sync::Arc;

use protocol::adapter::check_strength;

use super::Adapter;
use crate::error::EngineError;

/// An adapter with the strength at which it is applied. Cloning shares the numbers.
#[derive(Debug, Clone)]
pub struct AppliedAdapter {
    adapter: Arc<Adapter>,
    strength: f32,
}

impl AppliedAdapter {
    /// An adapter at a strength: 0 leaves the model as it is, 1 is the adapter as trained.
    ///
    /// # Errors
    /// A strength outside its range, see [`check_strength`].
    pub fn new(adapter: Arc<Adapter>, strength: f32) -> Result<Self, EngineError> {
        check_strength(strength)?;
        Ok(Self { adapter, strength })
    }

    /// The adapter.
    pub fn adapter(&self) -> &Arc<Adapter> {
        &self.adapter
    }

    /// How strongly it is applied.
    pub fn strength(&self) -> f32 {
        self.strength
    }

    /// Whether `other` is the very same adapter at the same strength.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.adapter, &other.adapter) && self.strength == other.strength
    }

    /// What `B (A x)` is multiplied by.
    pub(crate) fn factor(&self) -> f32 {
        self.strength * self.adapter.scale()
    }
}
