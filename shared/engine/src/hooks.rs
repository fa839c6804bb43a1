//! Reading and changing activations inside the general pass.

use std::ops::Range;

use burn::tensor::Tensor;

/// A place in the model where a hook may look. Layers count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Site {
    /// Residual stream after block `layer`, `[rows, hidden]`.
    Residual {
        /// The block.
        layer: usize,
    },
    /// Input of `down_proj`: activated gate times up, `[rows, feed_forward]`.
    MlpActivation {
        /// The block.
        layer: usize,
    },
    /// Output of `o_proj`, before a norm and the residual stream take it, `[rows, hidden]`.
    AttentionOutput {
        /// The block.
        layer: usize,
    },
    /// Final-normed hidden state, what the head sees, `[rows, hidden]`.
    FinalHidden,
}

/// The rows of one sequence in an activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRows {
    /// Number of the chunk among those given to the pass.
    pub chunk: usize,
    /// Its rows in the tensor.
    pub rows: Range<usize>,
    /// Position in the sequence of the first of these rows.
    pub first_position: usize,
}

/// Which rows of an activation belong to which sequence and position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLayout {
    /// One entry per sequence that takes part, in order of rows. A long chunk comes in pieces, one
    /// call of the hook each, in order of positions.
    pub chunks: Vec<ChunkRows>,
}

/// Looks at activations and may change them.
pub trait Hook: Send {
    /// Whether [`Hook::call`] shall see `site`. Where it says no, nothing is computed or copied.
    fn wants(&self, site: &Site) -> bool;

    /// Gets the activation at `site` and returns what the model goes on with, in the same shape.
    fn call(&mut self, site: Site, rows: &RowLayout, value: Tensor<2>) -> Tensor<2>;
}

/// Collects the activations of chosen sites and changes nothing.
#[derive(Debug)]
pub struct Capture {
    sites: Vec<Site>,
    pieces: Vec<(Site, usize, Tensor<2>)>,
}

impl Capture {
    /// Collects what passes at `sites`.
    pub fn new(sites: Vec<Site>) -> Self {
        Self {
            sites,
            pieces: Vec::new(),
        }
    }

    /// What `chunk` had at `site`, `[tokens of the chunk, width]`; `None` where the site was not
    /// asked for or the chunk never came.
    pub fn of(&self, site: Site, chunk: usize) -> Option<Tensor<2>> {
        let pieces: Vec<Tensor<2>> = self
            .pieces
            .iter()
            .filter(|(place, owner, _)| *place == site && *owner == chunk)
            .map(|(_, _, piece)| piece.clone())
            .collect();
        (!pieces.is_empty()).then(|| Tensor::cat(pieces, 0))
    }

    /// Forgets everything collected.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }
}

impl Hook for Capture {
    fn wants(&self, site: &Site) -> bool {
        self.sites.contains(site)
    }

    fn call(&mut self, site: Site, rows: &RowLayout, value: Tensor<2>) -> Tensor<2> {
        let width = value.dims()[1];
        for part in &rows.chunks {
            let piece = value.clone().slice([part.rows.clone(), 0..width]);
            self.pieces.push((site, part.chunk, piece));
        }
        value
    }
}
