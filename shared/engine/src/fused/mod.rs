//! The fused pass: prompt processing and token-by-token decoding straight over packed weights, here
//! on the processor, in [`gpu`] on a GPU. One row is one token of one sequence; the rows of all sequences go through the
//! linear maps together, so prompts of different lengths and running sequences share each pass
//! over the weights without padding.

mod block;
mod branch;
mod cache;
#[cfg(feature = "cube")]
pub mod gpu;
mod head;
mod rope;

use std::sync::Arc;

use rayon::prelude::*;

use branch::Branches;
pub use cache::Cache;
use rope::{Angles, RopeTables};

use crate::adapter::AppliedAdapter;
use crate::decoder::{DecoderSpec, DecoderWeights, Matrix};
use crate::error::EngineError;
use crate::kernels::packed::PackedMatrix;

/// Rows that go through the layers together. With more, what they read and write falls out of the
/// processor's second-level cache; with fewer, the weights are read too often.
const ROWS: usize = 256;

/// Runs a packed model on the processor.
pub struct FusedPass {
    spec: Arc<DecoderSpec>,
    weights: Arc<DecoderWeights>,
    rope: RopeTables,
    branches: Option<Branches>,
}

/// New tokens of one sequence; their positions follow what the cache holds.
pub struct FusedChunk<'a> {
    /// Token ids, at least one.
    pub tokens: &'a [u32],
    /// The sequence's cache.
    pub cache: &'a mut Cache,
}

/// Where a row belongs.
#[derive(Clone, Copy)]
struct Row {
    chunk: usize,
    position: usize,
}

impl FusedPass {
    /// # Errors
    /// When a matrix is not packed: such a model takes the general pass.
    pub fn new(spec: Arc<DecoderSpec>, weights: Arc<DecoderWeights>) -> Result<Self, EngineError> {
        packed(&weights.embedding)?;
        packed(&weights.output)?;
        for layer in &weights.layers {
            for (_, matrix) in layer.projections() {
                packed(matrix)?;
            }
        }
        let rope = RopeTables::new(&spec);
        Ok(Self {
            spec,
            weights,
            rope,
            branches: None,
        })
    }

    /// The same pass with an adapter, which must fit the model.
    #[must_use]
    pub fn with_adapter(self, adapter: &AppliedAdapter) -> Self {
        Self {
            branches: Some(Branches::new(adapter)),
            ..self
        }
    }

    /// An empty cache for `capacity` positions.
    pub fn new_cache(&self, capacity: usize) -> Cache {
        Cache::new(self.spec.layers.len(), self.spec.kv_width(), capacity)
    }

    /// Final hidden states (after the last norm) of every new token, `[rows, hidden]`.
    ///
    /// # Errors
    /// When a chunk is empty, does not fit its cache, or has a token outside the vocabulary.
    pub fn forward(&mut self, chunks: &mut [FusedChunk<'_>]) -> Result<Vec<f32>, EngineError> {
        let asked = chunks.iter().map(|chunk| Asked {
            tokens: chunk.tokens,
            length: chunk.cache.length(),
            capacity: chunk.cache.capacity(),
        });
        let rows = rows_of(&self.spec, asked)?;
        let mut residual = self.embed(chunks);
        let pieces = rows.len().div_ceil(ROWS).max(1);
        let size = rows.len().div_ceil(pieces).max(1);
        let hidden = self.spec.hidden;
        for (rows, residual) in rows.chunks(size).zip(residual.chunks_mut(size * hidden)) {
            let positions: Vec<usize> = rows.iter().map(|row| row.position).collect();
            let angles: Vec<Angles> = self.rope.angles(&positions);
            for layer in 0..self.spec.layers.len() {
                self.block(layer, rows, &angles, chunks, residual)?;
            }
        }
        for chunk in chunks {
            chunk.cache.length += chunk.tokens.len();
        }
        Ok(self.normalised(&residual, &self.weights.final_norm))
    }

    fn embed(&self, chunks: &[FusedChunk<'_>]) -> Vec<f32> {
        let hidden = self.spec.hidden;
        let tokens: Vec<u32> = chunks
            .iter()
            .flat_map(|chunk| chunk.tokens.iter().copied())
            .collect();
        let mut values = vec![0.0; tokens.len() * hidden];
        for (token, values) in tokens.iter().zip(values.chunks_exact_mut(hidden)) {
            self.weights.embedding.copy_row(*token as usize, values);
            for value in values {
                *value *= self.spec.embedding_scale;
            }
        }
        values
    }

    fn normalised(&self, values: &[f32], weight: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; values.len()];
        for_each_row(&mut out, weight.len(), |row, out| {
            let values = &values[row * weight.len()..(row + 1) * weight.len()];
            crate::kernels::simd::rms_norm(values, weight, self.spec.norm_epsilon, out);
        });
        out
    }
}

/// What a chunk asks for.
struct Asked<'a> {
    tokens: &'a [u32],
    length: usize,
    capacity: usize,
}

/// One row per new token, chunk after chunk; an error for what cannot run.
fn rows_of<'a>(
    spec: &DecoderSpec,
    chunks: impl Iterator<Item = Asked<'a>>,
) -> Result<Vec<Row>, EngineError> {
    let mut rows = Vec::new();
    for (index, chunk) in chunks.enumerate() {
        if chunk.tokens.is_empty() {
            return Err(EngineError::Field(protocol::FieldError::new(
                "tokens",
                "a sequence has no new token",
            )));
        }
        if chunk.length + chunk.tokens.len() > chunk.capacity {
            return Err(EngineError::ContextOverflow {
                field: "tokens".into(),
                tokens: chunk.length + chunk.tokens.len(),
                context: chunk.capacity,
            });
        }
        if let Some(token) = chunk
            .tokens
            .iter()
            .find(|token| **token as usize >= spec.vocabulary)
        {
            return Err(EngineError::TokenOutOfRange {
                token: *token,
                vocabulary: spec.vocabulary,
            });
        }
        rows.extend((0..chunk.tokens.len()).map(|offset| Row {
            chunk: index,
            position: chunk.length + offset,
        }));
    }
    Ok(rows)
}

/// Calls `work(row number, row)`; in parallel when there are enough rows to be worth it.
fn for_each_row(values: &mut [f32], width: usize, work: impl Fn(usize, &mut [f32]) + Sync + Send) {
    const PARALLEL_ROWS: usize = 8;
    if values.len() < PARALLEL_ROWS * width {
        values
            .chunks_exact_mut(width)
            .enumerate()
            .for_each(|(row, values)| work(row, values));
    } else {
        values
            .par_chunks_exact_mut(width)
            .enumerate()
            .for_each(|(row, values)| work(row, values));
    }
}

fn packed(matrix: &Matrix) -> Result<&PackedMatrix, EngineError> {
    match matrix {
        Matrix::Packed(matrix) => Ok(matrix),
        Matrix::Dense(_) => Err(EngineError::Device(
            "the fused pass needs packed weights".into(),
        )),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
