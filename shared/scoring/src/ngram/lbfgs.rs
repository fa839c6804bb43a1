//! Limited-memory BFGS for smooth convex functions: no randomness, sums in a fixed order, so that
//! the same data give the same bits.

use std::collections::VecDeque;

/// Steps whose curvature is remembered.
const MEMORY: usize = 8;
/// Shorter steps than this do not change anything.
const SHORTEST: f64 = 1e-10;

/// Minimises `function`, which returns the value at a point and writes the gradient there.
pub fn minimise(
    mut at: Vec<f64>,
    iterations: usize,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let mut gradient = vec![0.0; at.len()];
    let mut value = function(&at, &mut gradient);
    let mut history: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..iterations {
        let direction = direction(&gradient, &history);
        let slope = dot(&direction, &gradient);
        if slope >= -1e-12 {
            break;
        }
        let mut length = if history.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt().max(1.0)
        } else {
            1.0
        };
        let mut next_gradient = vec![0.0; at.len()];
        let (next, next_value) = loop {
            let next: Vec<f64> = at
                .iter()
                .zip(&direction)
                .map(|(x, d)| x + length * d)
                .collect();
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope || length < SHORTEST {
                break (next, next_value);
            }
            length *= 0.5;
        };
        if next_value >= value {
            break;
        }
        let step: Vec<f64> = next.iter().zip(&at).map(|(new, old)| new - old).collect();
        let change: Vec<f64> = next_gradient
            .iter()
            .zip(&gradient)
            .map(|(new, old)| new - old)
            .collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-12 {
            if history.len() == MEMORY {
                history.pop_front();
            }
            history.push_back((step, change, 1.0 / curvature));
        }
        let gain = (value - next_value) / value.abs().max(1.0);
        (at, value, gradient) = (next, next_value, next_gradient);
        if gain < 1e-8 {
            break;
        }
    }
    at
}

/// The two-loop recursion: minus the gradient, through the remembered curvature.
fn direction(gradient: &[f64], history: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|value| -value).collect();
    let mut factors = Vec::with_capacity(history.len());
    for (step, change, inverse) in history.iter().rev() {
        let factor = inverse * dot(step, &direction);
        add(&mut direction, -factor, change);
        factors.push(factor);
    }
    if let Some((step, change, _)) = history.back() {
        let scale = dot(step, change) / dot(change, change);
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for ((step, change, inverse), factor) in history.iter().zip(factors.into_iter().rev()) {
        let back = inverse * dot(change, &direction);
        add(&mut direction, factor - back, step);
    }
    direction
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn add(target: &mut [f64], factor: f64, other: &[f64]) {
    for (value, more) in target.iter_mut().zip(other) {
        *value += factor * more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_is_minimised() {
        // (x-1)² + 10(y+2)² + xy/2: gradient 0 at 2x-2+y/2=0 and 20y+40+x/2=0.
        let found = minimise(vec![5.0, 5.0], 100, |at, gradient| {
            let (x, y) = (at[0], at[1]);
            gradient[0] = 2.0 * (x - 1.0) + y / 2.0;
            gradient[1] = 20.0 * (y + 2.0) + x / 2.0;
            (x - 1.0).powi(2) + 10.0 * (y + 2.0).powi(2) + x * y / 2.0
        });
        // By hand: y = 4 − 4x from the first, 79.5 x = 120 from the second.
        let x = 120.0 / 79.5;
        assert!((found[0] - x).abs() < 1e-3, "{found:?}");
        assert!((found[1] - (4.0 - 4.0 * x)).abs() < 1e-3, "{found:?}");
    }
}
