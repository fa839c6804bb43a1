//! Keys and values of one sequence, allocated for its whole length at once.

/// One layer: `[position][kv_width]`.
#[derive(Debug)]
pub struct LayerCache {
    pub(crate) keys: Vec<f32>,
    pub(crate) values: Vec<f32>,
}

/// The key/value cache of one sequence on the processor.
#[derive(Debug)]
pub struct Cache {
    pub(crate) layers: Vec<LayerCache>,
    pub(crate) length: usize,
    capacity: usize,
}

impl Cache {
    pub(crate) fn new(layers: usize, kv_width: usize, capacity: usize) -> Self {
        let layer = || LayerCache {
            keys: vec![0.0; capacity * kv_width],
            values: vec![0.0; capacity * kv_width],
        };
        Self {
            layers: (0..layers).map(|_| layer()).collect(),
            length: 0,
            capacity,
        }
    }

    /// Positions already filled.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Positions that fit.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
