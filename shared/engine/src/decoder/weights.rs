//! A model's weights on the host: packed blocks where the file is quantised, single precision where it is not.

use std::sync::Arc;

use crate::kernels::packed::PackedMatrix;

/// A matrix in single precision, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseMatrix {
    /// Output features.
    pub rows: usize,
    /// Input features.
    pub cols: usize,
    /// `rows · cols` values.
    pub values: Vec<f32>,
}

/// Weights of a linear map or an embedding: `[rows = output features, cols = input features]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Matrix {
    /// Quantised blocks.
    Packed(PackedMatrix),
    /// Single precision.
    Dense(DenseMatrix),
}

impl Matrix {
    /// Output features.
    pub fn rows(&self) -> usize {
        match self {
            Matrix::Packed(matrix) => matrix.rows(),
            Matrix::Dense(matrix) => matrix.rows,
        }
    }

    /// Input features.
    pub fn cols(&self) -> usize {
        match self {
            Matrix::Packed(matrix) => matrix.cols(),
            Matrix::Dense(matrix) => matrix.cols,
        }
    }

    /// Memory it occupies.
    pub fn bytes(&self) -> usize {
        match self {
            Matrix::Packed(matrix) => matrix.bytes(),
            Matrix::Dense(matrix) => matrix.values.len() * 4,
        }
    }

    /// One row in single precision.
    pub fn copy_row(&self, row: usize, values: &mut [f32]) {
        match self {
            Matrix::Packed(matrix) => matrix.dequantise_row(row, values),
            Matrix::Dense(matrix) => {
                values.copy_from_slice(&matrix.values[row * matrix.cols..(row + 1) * matrix.cols]);
            }
        }
    }

    /// All values in single precision, row after row.
    pub fn to_dense(&self) -> Vec<f32> {
        match self {
            Matrix::Packed(matrix) => matrix.dequantise(),
            Matrix::Dense(matrix) => matrix.values.clone(),
        }
    }
}

/// One block's weights, named as the field names them (q_proj … down_proj).
#[derive(Debug)]
pub struct LayerWeights {
    /// Norm before attention, `[hidden]`, as multiplied (Gemma's +1 already added).
    pub attention_norm: Vec<f32>,
    /// Query projection.
    pub q_proj: Matrix,
    /// Key projection.
    pub k_proj: Matrix,
    /// Value projection.
    pub v_proj: Matrix,
    /// Output projection of attention.
    pub o_proj: Matrix,
    /// Per-head norm of queries, `[head_dim]` (Gemma 3).
    pub q_norm: Option<Vec<f32>>,
    /// Per-head norm of keys, `[head_dim]` (Gemma 3).
    pub k_norm: Option<Vec<f32>>,
    /// Norm of the attention output before it joins the residual stream (Gemma 3).
    pub post_attention_norm: Option<Vec<f32>>,
    /// Norm before the feed-forward block.
    pub feed_forward_norm: Vec<f32>,
    /// Gate projection.
    pub gate_proj: Matrix,
    /// Up projection.
    pub up_proj: Matrix,
    /// Down projection.
    pub down_proj: Matrix,
    /// Norm of the feed-forward output before it joins the residual stream (Gemma 3).
    pub post_feed_forward_norm: Option<Vec<f32>>,
}

impl LayerWeights {
    /// The seven linear maps with their names.
    pub fn projections(&self) -> [(&'static str, &Matrix); 7] {
        [
            ("q_proj", &self.q_proj),
            ("k_proj", &self.k_proj),
            ("v_proj", &self.v_proj),
            ("o_proj", &self.o_proj),
            ("gate_proj", &self.gate_proj),
            ("up_proj", &self.up_proj),
            ("down_proj", &self.down_proj),
        ]
    }
}

/// All weights of a decoder.
#[derive(Debug)]
pub struct DecoderWeights {
    /// Token embedding, `[vocabulary, hidden]`.
    pub embedding: Arc<Matrix>,
    /// Output head, `[vocabulary, hidden]`: the embedding itself where the two are tied.
    pub output: Arc<Matrix>,
    /// Norm before the head.
    pub final_norm: Vec<f32>,
    /// One per layer.
    pub layers: Vec<LayerWeights>,
}

impl DecoderWeights {
    /// Memory of all matrices, a tied head counted once.
    pub fn bytes(&self) -> usize {
        self.matrices().map(Matrix::bytes).sum()
    }

    /// Number of weights in matrices and norms, a tied head counted once.
    pub fn parameters(&self) -> u64 {
        let matrices: u64 = self
            .matrices()
            .map(|matrix| matrix.rows() as u64 * matrix.cols() as u64)
            .sum();
        let norms = |layer: &LayerWeights| {
            [
                Some(&layer.attention_norm),
                Some(&layer.feed_forward_norm),
                layer.q_norm.as_ref(),
                layer.k_norm.as_ref(),
                layer.post_attention_norm.as_ref(),
                layer.post_feed_forward_norm.as_ref(),
            ]
            .into_iter()
            .flatten()
            .map(|norm| norm.len() as u64)
            .sum::<u64>()
        };
        matrices + self.final_norm.len() as u64 + self.layers.iter().map(norms).sum::<u64>()
    }

    fn matrices(&self) -> impl Iterator<Item = &Matrix> {
        let head = (!Arc::ptr_eq(&self.embedding, &self.output)).then_some(&*self.output);
        std::iter::once(&*self.embedding).chain(head).chain(
            self.layers
                .iter()
                .flat_map(|layer| layer.projections().map(|(_, matrix)| matrix)),
        )
    }
}
