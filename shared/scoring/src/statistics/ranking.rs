//! Measures of separation.

use super::Labelled;

/// Area under the ROC curve; ties count half. `None` unless both labels occur.
pub fn auc(scores: &Labelled) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scores.to_vec();
    order.sort_by(|left, right| left.0.total_cmp(&right.0));
    let toxic = order.iter().filter(|(_, toxic)| *toxic).count();
    let clean = order.len() - toxic;
    if toxic == 0 || clean == 0 {
        return None;
    }
    let (mut below, mut won) = (0.0, 0.0);
    for tied in order.chunk_by(|left, right| left.0 == right.0) {
        let positives = tied.iter().filter(|(_, toxic)| *toxic).count() as f64;
        let negatives = tied.len() as f64 - positives;
        won += positives * (below + 0.5 * negatives);
        below += negatives;
    }
    Some(won / (toxic as f64 * clean as f64))
}

/// Average precision: the mean, over toxic texts, of the precision at their rank; ties are ranked
/// together. `None` without a toxic text.
pub fn average_precision(scores: &Labelled) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scores.to_vec();
    order.sort_by(|left, right| right.0.total_cmp(&left.0));
    let toxic = order.iter().filter(|(_, toxic)| *toxic).count();
    let (mut seen, mut hits, mut sum) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|left, right| left.0 == right.0) {
        let positives = tied.iter().filter(|(_, toxic)| *toxic).count() as f64;
        seen += tied.len() as f64;
        hits += positives;
        sum += positives * hits / seen;
    }
    (toxic > 0).then(|| sum / toxic as f64)
}

/// Share of the toxic texts at or above `threshold`.
pub fn recall(scores: &Labelled, threshold: f64) -> Option<f64> {
    share(scores, threshold, true)
}

/// Share of the other texts at or above `threshold`.
pub fn false_positive_rate(scores: &Labelled, threshold: f64) -> Option<f64> {
    share(scores, threshold, false)
}

fn share(scores: &Labelled, threshold: f64, label: bool) -> Option<f64> {
    let of_label: Vec<f64> = scores
        .iter()
        .filter(|(_, toxic)| *toxic == label)
        .map(|(score, _)| *score)
        .collect();
    let above = of_label.iter().filter(|score| **score >= threshold).count();
    (!of_label.is_empty()).then(|| above as f64 / of_label.len() as f64)
}

/// Share of pairs (toxic, neutral) whose toxic side scores higher; a tie is no success.
pub fn pair_accuracy(pairs: &[(f64, f64)]) -> Option<f64> {
    let right = pairs
        .iter()
        .filter(|(toxic, neutral)| toxic > neutral)
        .count();
    (!pairs.is_empty()).then(|| right as f64 / pairs.len() as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        let scores = [
            (0.9, true),
            (0.8, false),
            (0.7, true),
            (0.7, false),
            (0.1, false),
        ];
        // 0.9 beats three, 0.7 beats one and ties with one: (3 + 1.5) / 6.
        assert!((auc(&scores).unwrap() - 0.75).abs() < 1e-12);
        // Precision 1 at the first; at the tie of 0.7, two of four.
        assert!((average_precision(&scores).unwrap() - 0.75).abs() < 1e-12);
        assert!((recall(&scores, 0.8).unwrap() - 0.5).abs() < 1e-12);
        assert!((false_positive_rate(&scores, 0.5).unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert!((pair_accuracy(&[(0.9, 0.1), (0.5, 0.5)]).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(auc(&[(0.5, true)]), None);
        assert_eq!(average_precision(&[(0.5, false)]), None);
        assert_eq!(pair_accuracy(&[]), None);
    }
}
