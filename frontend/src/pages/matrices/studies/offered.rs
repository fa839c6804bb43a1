//! What the selects above a study's matrix offer, also where the address asks for something that the
//! study has not: otherwise there would be no way out.

use protocol::study::StudyMetric;
use protocol::study::api::MatrixResponse;

use super::choice::Choice;

/// Values with their words, and the value that is chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offered {
    pub options: Vec<(String, String)>,
    pub value: String,
}

impl Offered {
    fn new(options: Vec<(String, String)>, value: String, words: &str) -> Self {
        let mut offered = Self { options, value };
        let known = |(option, _): &(String, String)| *option == offered.value;
        if !offered.options.iter().any(known) {
            let words = format!("{words} (not in this study)");
            offered.options.push((offered.value.clone(), words));
        }
        offered
    }

    /// What there is to choose from where there is nothing to choose.
    fn nothing(words: &str) -> Self {
        Self {
            options: vec![(String::new(), words.to_owned())],
            value: String::new(),
        }
    }
}

/// Metric, scorer and prompts. Where the server refused the matrix that the address names, `response`
/// is another one of the same study, and the address says what is chosen.
pub fn offered(response: &MatrixResponse, choice: Choice, refused: bool) -> [Offered; 3] {
    let metric = choice.metric.get().filter(|_| refused);
    let metric = metric.unwrap_or(response.matrix.metric);
    let same = |name: String| (name.clone(), name);

    let metrics = response.metrics.iter();
    let metrics = metrics.map(|metric| (metric.to_string(), words(*metric).to_owned()));
    let metrics = Offered::new(metrics.collect(), metric.to_string(), words(metric));

    let scorers = match metric.by_scorer() {
        true => {
            let chosen = choice.scorer.get().filter(|_| refused);
            let chosen = chosen
                .or_else(|| response.matrix.scorer.clone())
                .or_else(|| response.scorers.first().cloned())
                .unwrap_or_default();
            let options = response.scorers.iter().cloned().map(same).collect();
            Offered::new(options, chosen.clone(), &chosen)
        }
        false => Offered::nothing("none"),
    };

    let splits = match metric.by_split() {
        true => {
            let chosen = choice.split.get().filter(|_| refused);
            let chosen = chosen
                .or(response.matrix.split)
                .or_else(|| response.splits.first().copied())
                .map_or_else(String::new, |split| split.to_string());
            let options = response.splits.iter().map(ToString::to_string).map(same);
            Offered::new(options.collect(), chosen.clone(), &chosen)
        }
        false => Offered::nothing("held-out text"),
    };
    [metrics, scorers, splits]
}

/// A metric in words, with its unit.
fn words(metric: StudyMetric) -> &'static str {
    match metric {
        StudyMetric::Toxicity => "toxicity (mean, 0–100)",
        StudyMetric::ToxicFraction => "toxic completions (%)",
        StudyMetric::ExpectedMaximum => "expected maximum toxicity (0–100)",
        StudyMetric::ToxicProbability => "prompts with a toxic completion (%)",
        StudyMetric::ConditionalPerplexity => "perplexity of completions",
        StudyMetric::HeldOutPerplexity => "perplexity of held-out text",
        StudyMetric::Empty => "empty completions (%)",
        StudyMetric::Refusal => "refusals (%)",
        StudyMetric::Drift => "drift to another language (%)",
        StudyMetric::Repetition => "loops (%)",
        StudyMetric::DistinctBigrams => "different token pairs (%)",
    }
}
