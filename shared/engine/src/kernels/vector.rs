//! Small loops over single-precision rows, written with sixteen independent partial results so
//! that the compiler can use vectors (a plain float sum has a fixed order and cannot be).

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

const LANES: usize = 16;

/// Sum of products; the shorter slice decides.
#[inline(always)]
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (left, right) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] = left[lane].mul_add_fast(right[lane], sums[lane]);
        }
    }
    let rest: f32 = left_rest
        .iter()
        .zip(right_rest)
        .map(|(left, right)| left * right)
        .sum();
    total(sums) + rest
}

/// `sum += factor · values`.
#[inline(always)]
pub fn add_scaled(sum: &mut [f32], values: &[f32], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum = value.mul_add_fast(factor, *sum);
    }
}

/// `out += factor · B (A x)`: `a` is `[rank, in]`, `b_columns` the columns of B, `[rank, out]`.
#[inline(always)]
pub fn add_low_rank(x: &[f32], a: &[f32], b_columns: &[f32], factor: f32, out: &mut [f32]) {
    for (a, b) in a
        .chunks_exact(x.len())
        .zip(b_columns.chunks_exact(out.len()))
    {
        add_scaled(out, b, factor * dot(a, x));
    }
}

/// `values / √(mean of squares + epsilon) · weight` (arXiv 1910.07467 eq. 4).
#[inline(always)]
pub fn rms_norm(values: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let scale = 1.0 / (dot(values, values) / values.len() as f32 + epsilon).sqrt();
    for ((out, value), weight) in out.iter_mut().zip(values).zip(weight) {
        *out = value * scale * weight;
    }
}

/// `gate = gelu(gate) · up`, tanh approximation (arXiv 1606.08415 §2):
/// `x/2 · (1 + tanh(y)) = x / (1 + exp(−2y))`, `y = √(2/π)(x + 0.044715 x³)`.
#[inline(always)]
pub fn gelu_gate(gate: &mut [f32], up: &[f32]) {
    const TWICE_ROOT_2_OVER_PI: f32 = 2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
    for (gate, up) in gate.iter_mut().zip(up) {
        let x = *gate;
        let inner = TWICE_ROOT_2_OVER_PI * (x + 0.044_715 * x * x * x);
        *gate = x / (1.0 + exp(-inner)) * up;
    }
}

/// `gate = gate · sigmoid(gate) · up` (arXiv 2002.05202 §2).
#[inline(always)]
pub fn silu_gate(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exp(-*gate)) * up;
    }
}

/// Exponentials divided by their sum.
#[inline(always)]
pub fn softmax(scores: &mut [f32]) {
    let (_, highest) = largest(scores);
    for score in scores.iter_mut() {
        *score = exp(*score - highest);
    }
    let (chunks, rest) = scores.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += chunk[lane];
        }
    }
    let sum = total(sums) + rest.iter().sum::<f32>();
    let scale = 1.0 / sum;
    for score in scores {
        *score *= scale;
    }
}

/// `ln Σ exp(logit)`, the largest taken out first.
#[inline(always)]
pub fn log_sum_exp(logits: &[f32]) -> f32 {
    let (_, highest) = largest(logits);
    let (chunks, rest) = logits.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += exp(chunk[lane] - highest);
        }
    }
    let rest: f32 = rest.iter().map(|logit| exp(logit - highest)).sum();
    highest + (total(sums) + rest).ln()
}

/// Index and value of the largest; the first of equals. `(0, −∞)` when empty.
#[inline(always)]
pub fn largest(values: &[f32]) -> (usize, f32) {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut best = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            best[lane] = if chunk[lane] > best[lane] {
                chunk[lane]
            } else {
                best[lane]
            };
        }
    }
    let highest = best
        .into_iter()
        .chain(rest.iter().copied())
        .fold(f32::NEG_INFINITY, f32::max);
    let index = values
        .iter()
        .position(|value| *value == highest)
        .unwrap_or(0);
    (index, highest)
}

/// Exponential, relative error below 2e-7 over the whole range; plain arithmetic only, so it vectorises.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2²³ leaves the rounded integer in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.3 { -87.3 } else { x };
    let x = if x > 88.3 { 88.3 } else { x };
    let shifted = x * LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let polynomial =
        ((((1.987_569_1e-4 * r + 1.398_199_9e-3) * r + 8.333_452e-3) * r + 4.166_579_6e-2) * r
            + 1.666_666_5e-1)
            * r
            + 0.5;
    let fraction = polynomial * r * r + r + 1.0;
    let power = f32::from_bits(
        shifted
            .to_bits()
            .wrapping_sub(ROUND.to_bits())
            .wrapping_add(127)
            << 23,
    );
    fraction * power
}

#[inline(always)]
fn total(sums: [f32; LANES]) -> f32 {
    let mut half = [0.0f32; LANES / 2];
    for lane in 0..LANES / 2 {
        half[lane] = sums[lane] + sums[lane + LANES / 2];
    }
    half.iter().sum()
}

/// `a · b + c`: fused only where one instruction does it, never the slow library call.
trait MulAddFast {
    fn mul_add_fast(self, factor: f32, sum: f32) -> f32;
}

impl MulAddFast for f32 {
    #[inline(always)]
    fn mul_add_fast(self, factor: f32, sum: f32) -> f32 {
        self * factor + sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_everywhere() {
        for step in -8700..=8800 {
            let x = step as f32 / 100.0;
            let expected = f64::from(x).exp();
            let relative = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(relative < 3e-7, "exp({x}): relative error {relative}");
        }
        assert!(exp(-1000.0) < 1e-37);
        assert!(exp(1000.0).is_finite());
    }

    #[test]
    fn softmax_of_hand_computed_scores() {
        let mut scores = [0.0, std::f32::consts::LN_2, f32::NEG_INFINITY];
        softmax(&mut scores);
        assert!((scores[0] - 1.0 / 3.0).abs() < 1e-6);
        assert!((scores[1] - 2.0 / 3.0).abs() < 1e-6);
        assert!(scores[2] < 1e-30);
    }

    #[test]
    fn largest_is_the_first_of_equals() {
        let mut values = vec![0.0f32; 40];
        values[7] = 3.0;
        values[35] = 3.0;
        assert_eq!(largest(&values), (7, 3.0));
        assert_eq!(largest(&[]), (0, f32::NEG_INFINITY));
    }

    #[test]
    fn gates_match_their_definitions() {
        for step in -40..=40 {
            let x = step as f32 / 5.0;
            let mut gelu = [x];
            gelu_gate(&mut gelu, &[2.0]);
            let y = (2.0f64 / std::f64::consts::PI).sqrt() * f64::from(x + 0.044715 * x * x * x);
            let expected = f64::from(x) * (1.0 + y.tanh());
            assert!((f64::from(gelu[0]) - expected).abs() < 1e-5, "gelu({x})");
            let mut silu = [x];
            silu_gate(&mut silu, &[2.0]);
            let expected = 2.0 * f64::from(x) / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(silu[0]) - expected).abs() < 1e-5, "silu({x})");
        }
    }
}
