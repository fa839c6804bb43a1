//! Gradients of the small row functions of [`super::vector`], written like them.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::vector::{dot, exp};

/// Gradient of [`super::vector::rms_norm`] with respect to its input `x`, in place of `gradient`:
/// with `r = 1/√(mean x² + ε)` and `g = gradient · weight` it is `r · (g − x · r² · mean(g · x))`.
#[inline(always)]
pub fn rms_norm_backward(x: &[f32], weight: &[f32], epsilon: f32, gradient: &mut [f32]) {
    let width = x.len() as f32;
    let scale = 1.0 / (dot(x, x) / width + epsilon).sqrt();
    for (gradient, weight) in gradient.iter_mut().zip(weight) {
        *gradient *= weight;
    }
    let along = dot(gradient, x) / width * scale * scale;
    for (gradient, x) in gradient.iter_mut().zip(x) {
        *gradient = scale * (*gradient - x * along);
    }
}

/// Gradients of [`super::vector::gelu_gate`] in place of `gate` and `up`. With
/// `s = sigmoid(2y)`, `y = √(2/π)(x + 0.044715 x³)`: `gelu = x·s`, `gelu' = s + x·s(1−s)·2y'`.
#[inline(always)]
pub fn gelu_gate_backward(gate: &mut [f32], up: &mut [f32], gradient: &[f32]) {
    const TWICE_ROOT_2_OVER_PI: f32 = 2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    for ((gate, up), gradient) in gate.iter_mut().zip(up).zip(gradient) {
        let x = *gate;
        let inner = TWICE_ROOT_2_OVER_PI * (x + 0.044_715 * x * x * x);
        let slope = TWICE_ROOT_2_OVER_PI * (1.0 + 3.0 * 0.044_715 * x * x);
        let sigmoid = 1.0 / (1.0 + exp(-inner));
        *gate = gradient * *up * (sigmoid + x * sigmoid * (1.0 - sigmoid) * slope);
        *up = gradient * x * sigmoid;
    }
}

/// Gradients of [`super::vector::silu_gate`] in place of `gate` and `up`.
#[inline(always)]
pub fn silu_gate_backward(gate: &mut [f32], up: &mut [f32], gradient: &[f32]) {
    for ((gate, up), gradient) in gate.iter_mut().zip(up).zip(gradient) {
        let x = *gate;
        let sigmoid = 1.0 / (1.0 + exp(-x));
        *gate = gradient * *up * (sigmoid + x * sigmoid * (1.0 - sigmoid));
        *up = gradient * x * sigmoid;
    }
}

/// Turns logits into the gradient of `−ln softmax(logits)[target]` times `factor`, given
/// `ln Σ exp(logit)`.
#[inline(always)]
pub fn cross_entropy_backward(logits: &mut [f32], log_sum: f32, target: usize, factor: f32) {
    for logit in logits.iter_mut() {
        *logit = exp(*logit - log_sum) * factor;
    }
    logits[target] -= factor;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::vector;

    /// The slope of `f` at `x` along coordinate `index`, by a central difference.
    fn slope(x: &[f32], index: usize, f: impl Fn(&[f32]) -> f32) -> f32 {
        let step = 1e-2;
        let at = |offset: f32| {
            let mut x = x.to_vec();
            x[index] += offset;
            f(&x)
        };
        (at(step) - at(-step)) / (2.0 * step)
    }

    const X: [f32; 5] = [0.7, -1.3, 2.1, 0.1, -0.4];
    const UP: [f32; 5] = [1.1, -0.6, 0.3, 2.0, -1.7];
    const GRADIENT: [f32; 5] = [0.5, -1.0, 0.8, 1.5, -0.2];

    fn weighted(values: &[f32]) -> f32 {
        values.iter().zip(GRADIENT).map(|(v, g)| v * g).sum()
    }

    #[test]
    fn norm_agrees_with_differences() {
        let mut gradient = GRADIENT;
        rms_norm_backward(&X, &UP, 1e-3, &mut gradient);
        for (index, got) in gradient.iter().enumerate() {
            let expected = slope(&X, index, |x| {
                let mut out = [0.0; 5];
                vector::rms_norm(x, &UP, 1e-3, &mut out);
                weighted(&out)
            });
            assert!((got - expected).abs() < 1e-3, "{index}: {got} {expected}");
        }
    }

    #[test]
    fn gates_agree_with_differences() {
        type Forward = fn(&mut [f32], &[f32]);
        type Backward = fn(&mut [f32], &mut [f32], &[f32]);
        let gates: [(Forward, Backward); 2] = [
            (vector::gelu_gate, gelu_gate_backward),
            (vector::silu_gate, silu_gate_backward),
        ];
        for (forward, backward) in gates {
            let (mut gate, mut up) = (X, UP);
            backward(&mut gate, &mut up, &GRADIENT);
            let value = |x: &[f32], up: &[f32]| {
                let mut out = x.to_vec();
                forward(&mut out, up);
                weighted(&out)
            };
            for index in 0..5 {
                let expected = slope(&X, index, |x| value(x, &UP));
                assert!((gate[index] - expected).abs() < 1e-3, "gate {index}");
                let expected = slope(&UP, index, |up| value(&X, up));
                assert!((up[index] - expected).abs() < 1e-3, "up {index}");
            }
        }
    }

    #[test]
    fn cross_entropy_agrees_with_differences() {
        let mut logits = X;
        let log_sum = vector::log_sum_exp(&X);
        cross_entropy_backward(&mut logits, log_sum, 2, 3.0);
        for (index, got) in logits.iter().enumerate() {
            let expected = slope(&X, index, |x| 3.0 * (vector::log_sum_exp(x) - x[2]));
            assert!((got - expected).abs() < 1e-3, "{index}: {got} {expected}");
        }
    }
}
