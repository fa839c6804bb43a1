//! Cross-entropy over the vocabulary, a few rows at a time: the logits of all rows never exist together.

use rayon::prelude::*;

use super::frozen::FrozenMap;
use crate::EngineError;
use crate::kernels::simd;

/// Rows whose logits exist at once.
const ROWS: usize = 128;

/// Sum of `−ln p(target)` over the rows of `hidden` (`[rows, width]`, after the final norm), and its
/// gradient with respect to `hidden` where it is wanted.
pub(super) fn cross_entropy(
    head: &FrozenMap,
    hidden: &[f32],
    width: usize,
    targets: &[u32],
    with_gradient: bool,
) -> Result<(f64, Vec<f32>), EngineError> {
    let mut sum = 0.0;
    let mut gradient = Vec::with_capacity(if with_gradient { hidden.len() } else { 0 });
    for (hidden, targets) in hidden.chunks(ROWS * width).zip(targets.chunks(ROWS)) {
        let mut logits = head.forward(hidden)?;
        let vocabulary = logits.len() / targets.len();
        let losses: Vec<f32> = logits
            .par_chunks_exact_mut(vocabulary)
            .zip(targets)
            .map(|(logits, target)| {
                let target = *target as usize;
                let log_sum = simd::log_sum_exp(logits);
                let loss = log_sum - logits[target];
                if with_gradient {
                    simd::cross_entropy_backward(logits, log_sum, target, 1.0);
                }
                loss
            })
            .collect();
        sum += losses.iter().map(|loss| f64::from(*loss)).sum::<f64>();
        if with_gradient {
            gradient.extend(head.backward(&logits)?);
        }
    }
    Ok((sum, gradient))
}
