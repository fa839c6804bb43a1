//! Figures of two programs, turn by turn.

use serde_json::{Value, json};

use super::peer::Outcome;
use super::skipped;

/// The turns of our program and of one peer.
pub struct Comparison {
    name: &'static str,
    rounds: Vec<(Value, Outcome)>,
}

/// Medians over the turns.
#[derive(Debug, PartialEq)]
pub struct Summary {
    /// Ours, in the figure's own unit.
    pub ours: f64,
    /// Theirs.
    pub theirs: f64,
    /// Of the ratios ours / theirs of each turn, not the ratio of the medians.
    pub ratio: f64,
    /// The smallest and the largest of these ratios.
    pub range: (f64, f64),
}

/// How a figure is read from a report.
pub type Reading = fn(&Value, &str) -> Option<f64>;

impl Comparison {
    /// No turns yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: Vec::new(),
        }
    }

    /// The peer.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Adds a turn of both.
    pub fn add(&mut self, ours: Value, theirs: Outcome) {
        if let Some(reason) = skipped(&theirs) {
            eprintln!("{} has no figures: {reason}", self.name);
        }
        self.rounds.push((ours, theirs));
    }

    /// What a peer that never ran says of it.
    pub fn skipped(&self) -> Option<&str> {
        let reasons: Vec<&str> = self
            .rounds
            .iter()
            .filter_map(|(_, theirs)| skipped(theirs))
            .collect();
        (reasons.len() == self.rounds.len())
            .then(|| reasons.first().copied())
            .flatten()
    }

    /// Ours alone: the median over all turns.
    pub fn ours(&self, measure: &str, reading: Reading) -> Option<f64> {
        median(
            self.rounds
                .iter()
                .filter_map(|(ours, _)| reading(ours, measure))
                .collect(),
        )
    }

    /// Both, over the turns in which both ran.
    pub fn summary(&self, measure: &str, reading: Reading) -> Option<Summary> {
        let pairs: Vec<(f64, f64)> = self
            .rounds
            .iter()
            .filter_map(|(ours, theirs)| match theirs {
                Outcome::Measured(theirs) => reading(ours, measure).zip(reading(theirs, measure)),
                Outcome::Skipped(_) => None,
            })
            .collect();
        let ratios: Vec<f64> = pairs.iter().map(|(ours, theirs)| ours / theirs).collect();
        Some(Summary {
            ours: median(pairs.iter().map(|pair| pair.0).collect())?,
            theirs: median(pairs.iter().map(|pair| pair.1).collect())?,
            range: (
                ratios.iter().copied().fold(f64::INFINITY, f64::min),
                ratios.iter().copied().fold(0.0, f64::max),
            ),
            ratio: median(ratios)?,
        })
    }

    /// Everything that was printed.
    pub fn raw(&self) -> Value {
        let rounds = self.rounds.iter().map(|(ours, theirs)| match theirs {
            Outcome::Measured(theirs) => json!({ "ours": ours, "theirs": theirs }),
            Outcome::Skipped(reason) => json!({ "ours": ours, "skipped": reason }),
        });
        json!({ "peer": self.name, "rounds": rounds.collect::<Vec<Value>>() })
    }
}

/// Tokens a second.
pub fn speed(report: &Value, measure: &str) -> Option<f64> {
    let figure = &report[measure];
    Some(figure["tokens"].as_f64()? / figure["seconds"].as_f64()?)
}

/// Tokens a second of processor time.
pub fn speed_of_processor_time(report: &Value, measure: &str) -> Option<f64> {
    let figure = &report[measure];
    Some(figure["tokens"].as_f64()? / figure["cpu_seconds"].as_f64()?)
}

/// Seconds.
pub fn seconds(report: &Value, measure: &str) -> Option<f64> {
    report[measure]["seconds"].as_f64()
}

/// Megabytes of resident memory at most, until the measure had ended.
pub fn megabytes(report: &Value, measure: &str) -> Option<f64> {
    let bytes = report[measure]["peak_rss"].as_f64();
    Some(bytes? / 1e6)
}

/// The middle one, or the mean of the two in the middle; `None` of no values.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn report(seconds: f64) -> Value {
        json!({ "decode1": { "tokens": 60, "seconds": seconds } })
    }

    #[test]
    fn the_ratio_is_the_median_of_the_turns() {
        let mut comparison = Comparison::new("other");
        for (ours, theirs) in [(1.0, 2.0), (10.0, 10.0), (2.0, 6.0)] {
            comparison.add(report(ours), Outcome::Measured(report(theirs)));
        }
        comparison.add(report(1.0), Outcome::Skipped("away".into()));
        let summary = comparison.summary("decode1", speed).unwrap();
        assert_eq!((summary.ours, summary.theirs), (30.0, 10.0));
        assert_eq!((summary.ratio, summary.range), (2.0, (1.0, 3.0)));
        assert_eq!(comparison.skipped(), None);
        assert_eq!(comparison.summary("prompt", speed), None);
    }

    #[test]
    fn a_peer_that_never_ran_is_named() {
        let mut comparison = Comparison::new("other");
        comparison.add(report(1.0), Outcome::Skipped("no such module".into()));
        assert_eq!(comparison.skipped(), Some("no such module"));
        assert_eq!(comparison.summary("decode1", speed), None);
        assert_eq!(comparison.ours("decode1", speed), Some(60.0));
    }
}
