//! Keys and values of one sequence.

use burn::tensor::{Device, Tensor};

use crate::EngineError;
use crate::decoder::DecoderSpec;

/// Keys and values of one layer, `[kv_heads, capacity, head_dim]` each.
#[derive(Debug, Clone)]
pub(super) struct LayerCache {
    pub(super) keys: Tensor<3>,
    pub(super) values: Tensor<3>,
}

/// The keys and values of one sequence, allocated for its whole capacity at once. A clone shares
/// nothing that a later step writes: two continuations of one prompt can part from it.
#[derive(Debug, Clone)]
pub struct Cache {
    pub(super) layers: Vec<LayerCache>,
    capacity: usize,
    length: usize,
}

impl Cache {
    pub(super) fn new(spec: &DecoderSpec, capacity: usize, device: &Device) -> Self {
        let shape = [spec.kv_heads, capacity, spec.head_dim];
        let layers = (0..spec.layers.len())
            .map(|_| LayerCache {
                keys: Tensor::zeros(shape, device),
                values: Tensor::zeros(shape, device),
            })
            .collect();
        Self {
            layers,
            capacity,
            length: 0,
        }
    }

    /// Positions filled.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Positions there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets all positions from `length` on; more than there are changes nothing.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub(super) fn advance(&mut self, positions: usize) -> Result<(), EngineError> {
        let length = self.length + positions;
        if length > self.capacity {
            return Err(EngineError::ContextOverflow {
                field: "cache".to_owned(),
                tokens: length,
                context: self.capacity,
            });
        }
        self.length = length;
        Ok(())
    }
}
