//! Weights in one byte each.

use protocol::language::Language;

use super::artefact::LanguageModel;
use super::features::DENSE;

/// Weights beyond this many standard deviations are cut, so that the others keep their precision.
const REACH: f64 = 12.0;

/// Folds the calibration (`slope`, `offset`) into the weights and rounds those of the buckets.
pub fn quantise(language: Language, weights: &[f64], slope: f64, offset: f64) -> LanguageModel {
    let (buckets, rest) = weights.split_at(weights.len() - DENSE - 1);
    let used = buckets.iter().filter(|weight| **weight != 0.0);
    let (count, squares) = used.fold((0.0, 0.0), |(count, squares), weight| {
        (count + 1.0, squares + weight * weight)
    });
    let deviation = (squares / f64::max(count, 1.0)).sqrt();
    let largest = buckets
        .iter()
        .fold(0.0, |most: f64, weight| most.max(weight.abs()));
    let step = (largest.min(REACH * deviation) / 127.0).max(f64::MIN_POSITIVE);
    let mut dense = [0.0; DENSE];
    for (target, weight) in dense.iter_mut().zip(rest) {
        *target = (slope * weight) as f32;
    }
    LanguageModel {
        language,
        table: buckets
            .iter()
            .map(|weight| (weight / step).round().clamp(-127.0, 127.0) as i8)
            .collect(),
        step: (slope * step) as f32,
        dense,
        bias: (slope * rest[DENSE] + offset) as f32,
    }
}
