//! Logistic regression with an L2 penalty on dense vectors, and its choice by cross-validation.

use rayon::prelude::*;
use scoring::ngram::minimise;
use scoring::statistics::auc;

/// Penalties that are tried: parts of the mean loss, on vectors of variance one.
const PENALTIES: [f64; 6] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3];
/// Parts of the cross-validation.
const FOLDS: u64 = 5;
const ITERATIONS: usize = 300;

/// A vector with its label.
#[derive(Debug, Clone)]
pub struct Point {
    /// The hidden state.
    pub state: Vec<f32>,
    /// Whether its text is toxic.
    pub toxic: bool,
    /// Points of a group are never on both sides of the cross-validation.
    pub group: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One weight per dimension.
    pub weights: Vec<f32>,
    /// Added to the product.
    pub bias: f32,
    /// The penalty.
    pub penalty: f64,
    /// Area under the curve of the predictions for points that were left out.
    pub auc: f64,
}

/// Fits `points`, all of one length: chooses the penalty by cross-validation, and how steep
/// the probabilities are by what was predicted there.
pub fn fit(points: &[Point]) -> Fit {
    let scale = Scale::of(points);
    let scaled: Vec<Vec<f64>> = points
        .iter()
        .map(|point| scale.apply(&point.state))
        .collect();
    // Each penalty by itself: threads change nothing in the sums.
    let tried: Vec<(f64, Vec<f64>)> = PENALTIES
        .par_iter()
        .map(|penalty| {
            let logits = left_out(points, &scaled, *penalty);
            (auc_of(points, &logits), logits)
        })
        .collect();
    let mut best = 0;
    for (number, (area, _)) in tried.iter().enumerate() {
        if *area > tried[best].0 {
            best = number;
        }
    }
    let (penalty, (area, logits)) = (PENALTIES[best], &tried[best]);
    let all: Vec<usize> = (0..points.len()).collect();
    let solution = solve(points, &scaled, &all, penalty);
    let steepness = steepness(points, logits);
    let (weights, bias) = scale.unapply(&solution, steepness);
    Fit {
        weights,
        bias,
        penalty,
        auc: *area,
    }
}

/// Means and deviations of the dimensions.
struct Scale {
    means: Vec<f64>,
    deviations: Vec<f64>,
}

impl Scale {
    fn of(points: &[Point]) -> Self {
        let width = points.first().map_or(0, |point| point.state.len());
        let count = points.len().max(1) as f64;
        let mut means = vec![0.0; width];
        for point in points {
            for (mean, value) in means.iter_mut().zip(&point.state) {
                *mean += f64::from(*value) / count;
            }
        }
        let mut deviations = vec![0.0; width];
        for point in points {
            for ((deviation, mean), value) in deviations.iter_mut().zip(&means).zip(&point.state) {
                *deviation += (f64::from(*value) - mean).powi(2) / count;
            }
        }
        for deviation in &mut deviations {
            // A dimension that never changes says nothing.
            *deviation = if *deviation > 1e-12 {
                deviation.sqrt()
            } else {
                f64::INFINITY
            };
        }
        Self { means, deviations }
    }

    fn apply(&self, state: &[f32]) -> Vec<f64> {
        state
            .iter()
            .zip(&self.means)
            .zip(&self.deviations)
            .map(|((value, mean), deviation)| (f64::from(*value) - mean) / deviation)
            .collect()
    }

    /// The solution for vectors as they are.
    fn unapply(&self, solution: &[f64], steepness: f64) -> (Vec<f32>, f32) {
        let mut bias = solution.last().copied().unwrap_or_default();
        let mut weights = Vec::with_capacity(self.means.len());
        for ((weight, mean), deviation) in solution.iter().zip(&self.means).zip(&self.deviations) {
            bias -= weight * mean / deviation;
            weights.push((steepness * weight / deviation) as f32);
        }
        (weights, (steepness * bias) as f32)
    }
}

/// Weights and, last, the bias, from the points of these numbers.
fn solve(points: &[Point], scaled: &[Vec<f64>], numbers: &[usize], penalty: f64) -> Vec<f64> {
    let width = scaled.first().map_or(0, Vec::len);
    let count = numbers.len().max(1) as f64;
    minimise(vec![0.0; width + 1], ITERATIONS, |at, gradient| {
        gradient.fill(0.0);
        let mut loss = 0.0;
        for number in numbers {
            let vector = &scaled[*number];
            let sign = if points[*number].toxic { 1.0 } else { -1.0 };
            let margin = sign * logit(at, vector);
            // log(1 + e^-m), without overflow.
            loss += ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0)) / count;
            let pull = -sign / (1.0 + margin.exp()) / count;
            for (gradient, value) in gradient.iter_mut().zip(vector) {
                *gradient += pull * value;
            }
            gradient[width] += pull;
        }
        for (gradient, weight) in gradient.iter_mut().zip(at).take(width) {
            loss += 0.5 * penalty * weight * weight;
            *gradient += penalty * weight;
        }
        loss
    })
}

fn logit(solution: &[f64], vector: &[f64]) -> f64 {
    let product: f64 = solution
        .iter()
        .zip(vector)
        .map(|(weight, value)| weight * value)
        .sum();
    product + solution.last().copied().unwrap_or_default()
}

/// What is predicted of every point by the fit without its part.
fn left_out(points: &[Point], scaled: &[Vec<f64>], penalty: f64) -> Vec<f64> {
    let mut logits = vec![0.0; points.len()];
    for fold in 0..FOLDS {
        let (outside, inside): (Vec<usize>, Vec<usize>) =
            (0..points.len()).partition(|number| points[*number].group % FOLDS == fold);
        let solution = solve(points, scaled, &inside, penalty);
        for number in outside {
            logits[number] = logit(&solution, &scaled[number]);
        }
    }
    logits
}

fn auc_of(points: &[Point], logits: &[f64]) -> f64 {
    let labels = points.iter().map(|point| point.toxic);
    let labelled: Vec<(f64, bool)> = logits.iter().copied().zip(labels).collect();
    auc(&labelled).unwrap_or(0.5)
}

/// The factor that makes probabilities of points that were left out most likely: fits are too sure
/// of themselves.
fn steepness(points: &[Point], logits: &[f64]) -> f64 {
    let solution = minimise(vec![0.0], ITERATIONS, |at, gradient| {
        let factor = at[0].exp();
        let (mut loss, mut slope) = (0.0, 0.0);
        for (point, logit) in points.iter().zip(logits) {
            let sign = if point.toxic { 1.0 } else { -1.0 };
            let margin = sign * factor * logit;
            loss += (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
            slope -= margin / (1.0 + margin.exp());
        }
        let count = points.len().max(1) as f64;
        gradient[0] = slope / count;
        loss / count
    });
    solution.first().map_or(1.0, |factor| factor.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on two sides of a plane, with some noise, and a dimension that never changes.
    fn points() -> Vec<Point> {
        let mut state = 7_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..400)
            .map(|number| {
                let (x, y, noise) = (random(), random(), random());
                Point {
                    state: vec![x, 100.0 * y + 5.0, 3.0],
                    toxic: x - 2.0 * y + 0.3 * noise > 0.1,
                    group: number / 2,
                }
            })
            .collect()
    }

    #[test]
    fn the_plane_is_found_and_the_same_points_give_the_same_bits() {
        let points = points();
        let found = fit(&points);
        assert!(found.auc > 0.98, "{}", found.auc);
        assert_eq!(found.weights[2], 0.0);
        // y is a hundred times as large as in the plane's equation.
        let ratio = -f64::from(found.weights[1]) * 100.0 / f64::from(found.weights[0]);
        assert!((ratio - 2.0).abs() < 0.25, "{ratio}");
        assert_eq!(fit(&points), found);
    }

    #[test]
    fn probabilities_are_as_steep_as_what_was_left_out_allows() {
        // Of the points with logit ±8, three in four are on their side: the odds are 3, not e^8.
        let points: Vec<Point> = (0..400_u64)
            .map(|number| Point {
                state: Vec::new(),
                toxic: (number % 2 == 0) == (number % 8 < 6),
                group: 0,
            })
            .collect();
        let logits: Vec<f64> = (0..400)
            .map(|number| if number % 2 == 0 { 8.0 } else { -8.0 })
            .collect();
        let factor = steepness(&points, &logits);
        assert!((factor - 3.0_f64.ln() / 8.0).abs() < 1e-3, "{factor}");
    }
}
