//! From hidden states to logits and log-probabilities.

use super::{FusedPass, packed};
use crate::error::EngineError;
use crate::kernels::activation::QuantisedRows;
use crate::kernels::linear::linear_many;
use crate::kernels::simd;

/// Rows that go through the head together when only log-probabilities are wanted: the logits of
/// all rows would not fit (262,144 entries each for Gemma).
const SCORED_ROWS: usize = 32;

impl FusedPass {
    /// Logits of the chosen rows of `hidden`, `[rows.len(), vocabulary]`.
    ///
    /// # Errors
    /// When the head is not packed.
    pub fn logits(&self, hidden: &[f32], rows: &[usize]) -> Result<Vec<f32>, EngineError> {
        let width = self.spec.hidden;
        let mut chosen = Vec::with_capacity(rows.len() * width);
        for row in rows {
            chosen.extend_from_slice(&hidden[row * width..(row + 1) * width]);
        }
        let x = QuantisedRows::from_rows(&chosen, width);
        let [logits] = linear_many(&x, [packed(&self.weights.output)?]);
        Ok(logits)
    }

    /// Natural logarithm of each target token's probability after the given row.
    ///
    /// # Errors
    /// When a token is outside the vocabulary.
    pub fn token_log_probabilities(
        &self,
        hidden: &[f32],
        targets: &[(usize, u32)],
    ) -> Result<Vec<f32>, EngineError> {
        let vocabulary = self.spec.vocabulary;
        if let Some((_, token)) = targets
            .iter()
            .find(|(_, token)| *token as usize >= vocabulary)
        {
            return Err(EngineError::TokenOutOfRange {
                token: *token,
                vocabulary,
            });
        }
        let mut result = vec![0.0; targets.len()];
        for (targets, result) in targets
            .chunks(SCORED_ROWS)
            .zip(result.chunks_mut(SCORED_ROWS))
        {
            let rows: Vec<usize> = targets.iter().map(|(row, _)| *row).collect();
            let logits = self.logits(hidden, &rows)?;
            super::for_each_row(result, 1, |index, result| {
                let logits = &logits[index * vocabulary..(index + 1) * vocabulary];
                result[0] = logits[targets[index].1 as usize] - simd::log_sum_exp(logits);
            });
        }
        Ok(result)
    }
}
