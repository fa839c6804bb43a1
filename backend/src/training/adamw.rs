//! AdamW (arXiv 1711.05101) with PyTorch's defaults: β = (0.9, 0.999), ε = 1e-8.

/// Decay of the mean of gradients.
const BETA_1: f64 = 0.9;
/// Decay of the mean of their squares.
const BETA_2: f64 = 0.999;
/// Keeps the step finite.
const EPSILON: f64 = 1e-8;

/// The optimiser's memory: running means of gradients and of their squares, factor after factor.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
}

impl AdamW {
    /// For `count` numbers.
    pub fn new(count: usize) -> Self {
        Self {
            first: vec![0.0; count],
            second: vec![0.0; count],
        }
    }

    /// Update number `step`, from 1. `values` and `gradients` are the factors in the same order.
    pub fn update<'a>(
        &mut self,
        step: u64,
        learning_rate: f64,
        weight_decay: f64,
        values: impl Iterator<Item = &'a mut [f32]>,
        gradients: impl Iterator<Item = &'a [f32]>,
    ) {
        let power = i32::try_from(step).unwrap_or(i32::MAX);
        let step_size = (learning_rate / (1.0 - BETA_1.powi(power))) as f32;
        let root = (1.0 - BETA_2.powi(power)).sqrt() as f32;
        let keep = (1.0 - learning_rate * weight_decay) as f32;
        let beta_2 = BETA_2 as f32;
        let (rest_1, rest_2) = ((1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32);
        let moments = self.first.iter_mut().zip(&mut self.second);
        let values = values.flatten().zip(gradients.flatten());
        for ((value, gradient), (first, second)) in values.zip(moments) {
            *first += rest_1 * (gradient - *first);
            *second = beta_2 * *second + rest_2 * gradient * gradient;
            let denominator = second.sqrt() / root + EPSILON as f32;
            *value = *value * keep - step_size * *first / denominator;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.optim.AdamW([1.0, -2.0], lr=0.1, weight_decay=0.01)`, gradients (0.5, -1) then (0.1, 0.2).
    #[test]
    fn two_updates_as_pytorch_makes_them() {
        let mut values = vec![1.0f32, -2.0];
        let mut optimiser = AdamW::new(2);
        for (step, gradient) in [(1, [0.5f32, -1.0]), (2, [0.1, 0.2])] {
            let values = std::iter::once(values.as_mut_slice());
            optimiser.update(
                step,
                0.1,
                0.01,
                values,
                std::iter::once(gradient.as_slice()),
            );
        }
        for (value, expected) in values.iter().zip(EXPECTED) {
            assert!((value - expected).abs() < 1e-6, "{value} {expected}");
        }
    }

    const EXPECTED: [f32; 2] = [0.8177969, -1.8449994];
}
