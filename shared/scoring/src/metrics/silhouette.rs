//! Silhouette: how far groups of vectors (here: languages) stand apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Silhouettes of a labelled set of vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silhouette<L: Ord> {
    /// Mean over all vectors, −1 to 1.
    pub mean: f64,
    /// Mean per label.
    pub per_label: BTreeMap<L, f64>,
}

/// s = (b − a) / max(a, b) with Euclidean distances: a is the mean distance to the vector's own
/// group, b to the nearest other group. A vector alone in its group has 0. `None` with fewer than
/// two groups or with lengths that differ.
pub fn silhouette<L: Ord + Copy>(vectors: &[(L, &[f32])]) -> Option<Silhouette<L>> {
    let dimensions = vectors.first()?.1.len();
    let mut sizes: BTreeMap<L, usize> = BTreeMap::new();
    for (label, vector) in vectors {
        *sizes.entry(*label).or_default() += 1;
        if vector.len() != dimensions {
            return None;
        }
    }
    if sizes.len() < 2 {
        return None;
    }
    let mut sums: BTreeMap<L, f64> = BTreeMap::new();
    let mut total = 0.0;
    for (at, (label, vector)) in vectors.iter().enumerate() {
        let mut distances: BTreeMap<L, f64> = BTreeMap::new();
        for (other_at, (other_label, other)) in vectors.iter().enumerate() {
            if other_at != at {
                *distances.entry(*other_label).or_default() += distance(vector, other);
            }
        }
        let own = sizes[label] - 1;
        let value = if own == 0 {
            0.0
        } else {
            let a = distances.get(label).copied().unwrap_or_default() / own as f64;
            let b = distances
                .iter()
                .filter(|(other, _)| *other != label)
                .map(|(other, sum)| sum / sizes[other] as f64)
                .fold(f64::INFINITY, f64::min);
            let larger = a.max(b);
            if larger == 0.0 { 0.0 } else { (b - a) / larger }
        };
        *sums.entry(*label).or_default() += value;
        total += value;
    }
    Some(Silhouette {
        mean: total / vectors.len() as f64,
        per_label: sums
            .into_iter()
            .map(|(label, sum)| (label, sum / sizes[&label] as f64))
            .collect(),
    })
}

fn distance(left: &[f32], right: &[f32]) -> f64 {
    left.iter()
        .zip(right)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        // On a line: group a at 0 and 1, group b at 5 and 7.
        let vectors: [(char, &[f32]); 4] =
            [('a', &[0.0]), ('a', &[1.0]), ('b', &[5.0]), ('b', &[7.0])];
        let found = silhouette(&vectors).unwrap();
        // 0: a=1, b=6 → 5/6; 1: a=1, b=5 → 4/5; 5: a=2, b=4.5 → 5/9; 7: a=2, b=6.5 → 9/13.
        let by_hand = [5.0 / 6.0, 4.0 / 5.0, 5.0 / 9.0, 9.0 / 13.0];
        assert!((found.mean - by_hand.iter().sum::<f64>() / 4.0).abs() < 1e-9);
        assert!((found.per_label[&'a'] - f64::midpoint(by_hand[0], by_hand[1])).abs() < 1e-9);
        assert_eq!(silhouette(&vectors[..2]), None);
        let alone: [(char, &[f32]); 2] = [('a', &[0.0]), ('b', &[1.0])];
        assert_eq!(silhouette(&alone).unwrap().mean, 0.0);
    }
}
