//! Whether 0.7 means seven of ten.

use super::Labelled;

/// Bins of the reliability table.
pub const BINS: usize = 10;

pub use protocol::evaluation::{Bin, Reliability};

/// Fills the table.
pub fn reliability(scores: &Labelled) -> Reliability {
    let mut sums = [(0_usize, 0.0, 0_usize); BINS];
    for (score, toxic) in scores {
        let bin = ((score * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += score;
        sums[bin].2 += usize::from(*toxic);
    }
    let bins: Vec<Bin> = sums
        .iter()
        .enumerate()
        .map(|(index, (count, sum, toxic))| {
            let by_count = |value: f64| {
                if *count == 0 {
                    0.0
                } else {
                    value / *count as f64
                }
            };
            Bin {
                from: index as f64 / BINS as f64,
                count: *count,
                confidence: by_count(*sum),
                toxic: by_count(*toxic as f64),
            }
        })
        .collect();
    let error = bins
        .iter()
        .map(|bin| bin.count as f64 * (bin.confidence - bin.toxic).abs())
        .sum::<f64>()
        / scores.len().max(1) as f64;
    Reliability { bins, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        // Bin 0.9–1.0: confidence 0.95, toxic 1/2; bin 0.0–0.1: confidence 0.05, toxic 0.
        let found = reliability(&[(0.9, true), (1.0, false), (0.05, false), (0.05, false)]);
        assert!((found.error - (2.0 * 0.45 + 2.0 * 0.05) / 4.0).abs() < 1e-12);
        assert_eq!(found.bins[9].count, 2);
        assert!((found.bins[9].toxic - 0.5).abs() < 1e-12);
        assert_eq!(found.bins.len(), BINS);
    }
}
