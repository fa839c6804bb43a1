//! From hidden states to tokens, logits and log-probabilities.

use burn::tensor::{Int, Tensor};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

use super::pass::{GpuPass, Hidden};
use crate::error::EngineError;
use crate::general;
use crate::kernels::cube::linear::Finish;
use crate::kernels::cube::{LinearCall, upload_words};

/// Logits that exist at once: 64 MB.
const LOGITS_AT_ONCE: usize = 1 << 24;

impl GpuPass {
    /// The most likely token of each chosen row. Only they are read back, at once as long as the
    /// logits of all rows fit 64 MB.
    ///
    /// # Errors
    /// A row that does not exist, or when reading back fails.
    pub async fn most_likely(
        &mut self,
        hidden: &Hidden,
        rows: &[usize],
    ) -> Result<Vec<u32>, EngineError> {
        let mut tokens = Vec::with_capacity(rows.len());
        for rows in rows.chunks(self.rows_at_once()) {
            let logits = self.head(hidden, rows)?;
            let winners = self
                .launcher
                .largest(&logits, rows.len(), self.spec.vocabulary)?;
            self.launcher.counters.read_backs += 1;
            let winners = Tensor::<1, Int>::from_primitive::<Cube>(winners)
                .into_data_async()
                .await
                .map_err(|error| EngineError::Device(error.to_string()))?
                .try_into_vec::<u32>()
                .map_err(|error| EngineError::Device(format!("{error:?}")))?;
            tokens.extend(winners);
        }
        Ok(tokens)
    }

    /// Logits of the chosen rows, `[rows.len(), vocabulary]`, in memory.
    ///
    /// # Errors
    /// A row that does not exist, or when reading back fails.
    pub async fn logits(
        &mut self,
        hidden: &Hidden,
        rows: &[usize],
    ) -> Result<Vec<f32>, EngineError> {
        let mut values = Vec::with_capacity(rows.len() * self.spec.vocabulary);
        for rows in rows.chunks(self.rows_at_once()) {
            let logits = self.head(hidden, rows)?;
            self.launcher.counters.read_backs += 1;
            values.extend(general::read(Tensor::from_primitive::<Cube>(logits)).await?);
        }
        Ok(values)
    }

    /// Natural logarithm of each target token's probability after its row.
    ///
    /// # Errors
    /// A token outside the vocabulary, a row that does not exist, or when reading back fails.
    pub async fn token_log_probabilities(
        &mut self,
        hidden: &Hidden,
        targets: &[(usize, u32)],
    ) -> Result<Vec<f32>, EngineError> {
        let vocabulary = self.spec.vocabulary;
        if let Some(&(_, token)) = targets
            .iter()
            .find(|(_, token)| *token as usize >= vocabulary)
        {
            return Err(EngineError::TokenOutOfRange { token, vocabulary });
        }
        let mut values = Vec::with_capacity(targets.len());
        for targets in targets.chunks(self.rows_at_once()) {
            let rows: Vec<usize> = targets.iter().map(|(row, _)| *row).collect();
            let tokens: Vec<u32> = targets.iter().map(|(_, token)| *token).collect();
            let logits = Tensor::from_primitive::<Cube>(self.head(hidden, &rows)?);
            self.launcher.counters.read_backs += 1;
            values.extend(general::log_probabilities(logits, &tokens).await?);
        }
        Ok(values)
    }

    fn rows_at_once(&self) -> usize {
        (LOGITS_AT_ONCE / self.spec.vocabulary.max(1)).max(1)
    }

    /// Final norm and output head of the chosen rows, one dispatch.
    fn head(&mut self, hidden: &Hidden, rows: &[usize]) -> Result<CubeTensor, EngineError> {
        if let Some(row) = rows.iter().find(|row| **row >= hidden.rows) {
            return Err(EngineError::Device(format!(
                "row {row} of {} hidden states was asked for",
                hidden.rows
            )));
        }
        let logits = self.launcher.floats([rows.len(), self.spec.vocabulary])?;
        let numbers = rows.iter().map(|row| *row as u32).collect();
        let picked = upload_words(numbers, self.launcher.device())?;
        self.launcher.linear(
            &self.output,
            LinearCall {
                x: &hidden.residual,
                norm: Some((&self.final_norm, self.spec.norm_epsilon)),
                picked: Some(&picked),
                x_rows: rows.len(),
                output: &logits,
                finish: Finish::Store,
            },
        );
        Ok(logits)
    }
}
