//! The matrices of a study: rows are states of the model, columns evaluation languages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::split::EvaluationSplit;
use super::strategy::Strategy;
use crate::language::Language;
use crate::matrix::{Metric, Row, Table};

/// What the cells measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StudyMetric {
    /// Mean score × 100. By scorer.
    Toxicity,
    /// Completions with a score of at least 0.5, in percent. By scorer.
    ToxicFraction,
    /// Mean over prompts of the worst of k completions, × 100 (EMT); with k > 1. By scorer.
    ExpectedMaximum,
    /// Prompts with a toxic completion among k, in percent; with k > 1. By scorer.
    ToxicProbability,
    /// Perplexity of the completions given their prompts, by one fixed model: the mean over
    /// completions without those of 10,000 and more (DExperts).
    ConditionalPerplexity,
    /// Perplexity of each state of the model on held-out neutral sentences.
    HeldOutPerplexity,
    /// Completions without a letter, in percent.
    Empty,
    /// Completions that decline, in percent.
    Refusal,
    /// Completions in another language than asked for, in percent.
    Drift,
    /// Completions that turn in circles, in percent.
    Repetition,
    /// Different token pairs over all tokens of a prompt's completions (dist-2), in percent.
    DistinctBigrams,
}

impl StudyMetric {
    /// All of them.
    pub const ALL: [StudyMetric; 11] = [
        StudyMetric::Toxicity,
        StudyMetric::ToxicFraction,
        StudyMetric::ExpectedMaximum,
        StudyMetric::ToxicProbability,
        StudyMetric::ConditionalPerplexity,
        StudyMetric::HeldOutPerplexity,
        StudyMetric::Empty,
        StudyMetric::Refusal,
        StudyMetric::Drift,
        StudyMetric::Repetition,
        StudyMetric::DistinctBigrams,
    ];

    /// Its name in addresses and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            StudyMetric::Toxicity => "toxicity",
            StudyMetric::ToxicFraction => "toxic-fraction",
            StudyMetric::ExpectedMaximum => "expected-maximum",
            StudyMetric::ToxicProbability => "toxic-probability",
            StudyMetric::ConditionalPerplexity => "conditional-perplexity",
            StudyMetric::HeldOutPerplexity => "held-out-perplexity",
            StudyMetric::Empty => "empty",
            StudyMetric::Refusal => "refusal",
            StudyMetric::Drift => "drift",
            StudyMetric::Repetition => "repetition",
            StudyMetric::DistinctBigrams => "distinct-bigrams",
        }
    }

    /// Whether each scorer has a matrix of its own.
    pub fn by_scorer(self) -> bool {
        matches!(
            self,
            StudyMetric::Toxicity
                | StudyMetric::ToxicFraction
                | StudyMetric::ExpectedMaximum
                | StudyMetric::ToxicProbability
        )
    }

    /// Whether each split has a matrix of its own.
    pub fn by_split(self) -> bool {
        self != StudyMetric::HeldOutPerplexity
    }

    /// Whether a positive Δ = ZS − FT is the better one. Of diversity, higher values are better,
    /// so a positive Δ is a loss.
    pub fn positive_delta_is_better(self) -> bool {
        self != StudyMetric::DistinctBigrams
    }

    fn of_table(self) -> Option<Metric> {
        match self {
            StudyMetric::Toxicity => Some(Metric::Toxicity),
            StudyMetric::ConditionalPerplexity | StudyMetric::HeldOutPerplexity => {
                Some(Metric::Perplexity)
            }
            _ => None,
        }
    }
}

impl fmt::Display for StudyMetric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that is no metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no metric `{0}`; known are {known}", known = known_metrics())]
pub struct UnknownMetric(pub String);

fn known_metrics() -> String {
    StudyMetric::ALL.map(StudyMetric::name).join(", ")
}

impl FromStr for StudyMetric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        StudyMetric::ALL
            .into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

/// A value with its 95 % interval; on the wire `[value, low, high]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 3]", into = "[f64; 3]")]
pub struct Estimate {
    /// On the data themselves.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<[f64; 3]> for Estimate {
    fn from([value, low, high]: [f64; 3]) -> Self {
        Self { value, low, high }
    }
}

impl From<Estimate> for [f64; 3] {
    fn from(estimate: Estimate) -> Self {
        [estimate.value, estimate.low, estimate.high]
    }
}

/// What stands beside every mean: completions that count in it differently, or not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// Completions, over all prompts and seeds.
    pub completions: usize,
    /// Without a letter: they have no score.
    #[serde(skip_serializing_if = "is_zero")]
    pub empty: usize,
    /// The model declines.
    #[serde(skip_serializing_if = "is_zero")]
    pub refusal: usize,
    /// In another language; scored in the one they are in.
    #[serde(skip_serializing_if = "is_zero")]
    pub drift: usize,
    /// They turn in circles.
    #[serde(skip_serializing_if = "is_zero")]
    pub repetition: usize,
    /// In a language that the scorer does not support: they have no score.
    #[serde(skip_serializing_if = "is_zero")]
    pub unscored: usize,
}

impl Counts {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One cell, or one average.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyCell {
    /// The measure of this row's completions: `[value, low, high]` with its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<[f64; 3]>))]
    pub value: Option<Estimate>,
    /// The measure of ZS on the prompts that have a value in both, where some prompt has not:
    /// otherwise it is the value in the row of ZS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// The measure of this row on those prompts, where `before` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<f64>,
    /// `before − after`, matched by prompt, with its interval; absent in the row of ZS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<[f64; 3]>))]
    pub delta: Option<Estimate>,
    /// Two-sided p of Δ = 0: sign flips of the differences of single prompts; with several seeds no
    /// smaller than what resampling prompts and seeds says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Prompts (times seeds) behind Δ, or behind the value in the row of ZS.
    pub n: usize,
    /// What stands beside the mean; of metrics that are such counts themselves, and of held-out
    /// perplexity, there is nothing.
    #[serde(default, skip_serializing_if = "Counts::is_nothing")]
    pub counts: Counts,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatrixRow {
    /// Which state of the model.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// One for each column.
    pub cells: Vec<StudyCell>,
    /// Over the languages, each counted alike; without a value where some cell has none.
    pub average: StudyCell,
}

/// One metric in one split by one scorer: absolute values and Δ of all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyMatrix {
    /// What the cells measure.
    pub metric: StudyMetric,
    /// The scorer, where the metric has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// The prompts, where the metric has a matrix for each split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<EvaluationSplit>,
    /// Evaluation languages.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub columns: Vec<Language>,
    /// ZS first.
    pub rows: Vec<MatrixRow>,
    /// Over the X-FT rows, each counted alike, as the average of a row; empty without X-FT rows. The
    /// last is that of all columns.
    pub column_averages: Vec<StudyCell>,
}

impl StudyMatrix {
    /// What it is, for people.
    pub fn title(&self) -> String {
        let mut title = self.metric.name().to_owned();
        if let Some(scorer) = &self.scorer {
            title = format!("{title} ({scorer})");
        }
        match self.split {
            Some(split) => format!("{title}, {split}"),
            None => title,
        }
    }

    /// The row of that strategy.
    pub fn row(&self, strategy: Strategy) -> Option<&MatrixRow> {
        self.rows.iter().find(|row| row.strategy == strategy)
    }

    /// As a plain table of Δ, ZS apart with its absolute values.
    pub fn delta_table(&self) -> Table {
        self.table(|cell| cell.delta.map(|delta| delta.value), " Δ = ZS − FT")
    }

    /// As a plain table of absolute values, ZS among them as `zero_shot`.
    pub fn absolute_table(&self) -> Table {
        self.table(|cell| cell.value.map(|value| value.value), "")
    }

    fn table(&self, read: impl Fn(&StudyCell) -> Option<f64>, suffix: &str) -> Table {
        let absolute = |cell: &StudyCell| cell.value.map(|value| value.value);
        let row = |row: &MatrixRow, read: &dyn Fn(&StudyCell) -> Option<f64>| Row {
            name: row.strategy.label(),
            cells: row.cells.iter().map(read).collect(),
            average: read(&row.average),
        };
        let averages: Vec<Option<f64>> = self.column_averages.iter().map(&read).collect();
        Table {
            title: format!("{}{suffix}", self.title()),
            metric: self.metric.of_table(),
            columns: self
                .columns
                .iter()
                .map(|language| language.code().to_owned())
                .collect(),
            zero_shot: self
                .row(Strategy::ZeroShot)
                .map(|found| row(found, &absolute)),
            rows: self
                .rows
                .iter()
                .filter(|row| row.strategy != Strategy::ZeroShot)
                .map(|found| row(found, &read))
                .collect(),
            column_averages: averages.split_last().map(|(all, columns)| Row {
                name: "AVG".to_owned(),
                cells: columns.to_vec(),
                average: *all,
            }),
            decimals: 2,
        }
    }
}
