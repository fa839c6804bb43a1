//! Texts whose log-probabilities are wanted, measured batch by batch between two steps.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::failure::Failure;

/// A measurement under way.
pub(super) struct Measurement {
    texts: Vec<String>,
    /// Indices of the texts still to measure. Texts of like length go together, because a batch
    /// is padded to its longest; the longest come first, at the end of this list.
    left: Vec<usize>,
    done: Vec<Vec<f32>>,
    result: oneshot::Sender<Result<Vec<Vec<f32>>, Failure>>,
    permit: OwnedSemaphorePermit,
}

impl Measurement {
    /// Nothing measured yet.
    pub(super) fn new(
        texts: Vec<String>,
        result: oneshot::Sender<Result<Vec<Vec<f32>>, Failure>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let mut left: Vec<usize> = (0..texts.len()).collect();
        left.sort_by_key(|index| texts[*index].len());
        Self {
            done: vec![Vec::new(); texts.len()],
            texts,
            left,
            result,
            permit,
        }
    }

    /// Nobody waits for the result any more.
    pub(super) fn deserted(&self) -> bool {
        self.result.is_closed()
    }

    /// Every text is measured.
    pub(super) fn complete(&self) -> bool {
        self.left.is_empty()
    }

    /// Measures up to `count` texts; returns the number of tokens.
    pub(super) fn advance(
        &mut self,
        count: usize,
        measure: impl FnOnce(&[&str]) -> Result<Vec<Vec<f32>>, Failure>,
    ) -> Result<usize, Failure> {
        let batch = self.left.split_off(self.left.len().saturating_sub(count));
        let texts: Vec<&str> = batch
            .iter()
            .map(|index| self.texts[*index].as_str())
            .collect();
        let mut tokens = 0;
        for (index, values) in batch.into_iter().zip(measure(&texts)?) {
            tokens += values.len();
            self.done[index] = values;
        }
        Ok(tokens)
    }

    /// Gives the place back and answers.
    pub(super) fn finish(self) {
        drop(self.permit);
        // An asker that has gone misses nothing.
        let _ = self.result.send(Ok(self.done));
    }

    /// Gives the place back and answers with the failure.
    pub(super) fn fail(self, failure: Failure) {
        drop(self.permit);
        // An asker that has gone misses nothing.
        let _ = self.result.send(Err(failure));
    }
}
