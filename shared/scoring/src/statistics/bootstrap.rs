//! Percentile intervals from seeded resampling.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use protocol::evaluation::Interval;

/// A toxic text's score and its neutral twin's: resampled together.
pub type Paired = (f64, f64);

/// Resamples `data` with replacement `rounds` times and measures each sample. `None` if `measure`
/// has no value for the data themselves; samples without one are passed over.
pub fn bootstrap<T: Copy>(
    data: &[T],
    rounds: usize,
    seed: u64,
    measure: impl Fn(&[T]) -> Option<f64>,
) -> Option<Interval> {
    let value = measure(data)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut sample = Vec::with_capacity(data.len());
    let mut values: Vec<f64> = (0..rounds)
        .filter_map(|_| {
            sample.clear();
            sample.extend((0..data.len()).map(|_| data[random.random_range(0..data.len())]));
            measure(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let percentile = |share: f64| {
        let at = share * values.len().saturating_sub(1) as f64;
        values.get(at.round() as usize).copied().unwrap_or(value)
    };
    Some(Interval {
        value,
        low: percentile(0.025),
        high: percentile(0.975),
    })
}

/// As [`bootstrap`], for measures of single texts over pairs: each sample keeps twins together.
pub fn bootstrap_pairs(
    pairs: &[Paired],
    rounds: usize,
    seed: u64,
    measure: impl Fn(&[(f64, bool)]) -> Option<f64>,
) -> Option<Interval> {
    bootstrap(pairs, rounds, seed, |sample| {
        let texts: Vec<(f64, bool)> = sample
            .iter()
            .flat_map(|(toxic, neutral)| [(*toxic, true), (*neutral, false)])
            .collect();
        measure(&texts)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> Option<f64> {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_theory() {
        // 0 and 1, a hundred each: standard error 0.5/√200 = 0.0354.
        let data: Vec<f64> = (0..200).map(|at| f64::from(at % 2)).collect();
        let found = bootstrap(&data, 2000, 7, mean).unwrap();
        assert!((found.value - 0.5).abs() < 1e-12);
        assert!(
            (found.low - (0.5 - 1.96 * 0.0354)).abs() < 0.01,
            "{found:?}"
        );
        assert!(
            (found.high - (0.5 + 1.96 * 0.0354)).abs() < 0.01,
            "{found:?}"
        );
        let uneven: Vec<f64> = (0..50).map(|at| f64::from(at).sqrt()).collect();
        let seeded = |seed| bootstrap(&uneven, 50, seed, mean);
        assert_eq!(seeded(7), seeded(7));
        assert_ne!(seeded(7), seeded(8));
        assert_eq!(bootstrap(&[], 10, 1, mean), None);
    }

    #[test]
    fn twins_stay_together() {
        // Every toxic text beats its twin and all others: no resample can change the AUC.
        let pairs = [(0.9, 0.1), (0.8, 0.2), (0.7, 0.3)];
        let found = bootstrap_pairs(&pairs, 100, 1, super::super::auc).unwrap();
        assert_eq!((found.low, found.value, found.high), (1.0, 1.0, 1.0));
    }
}
