//! How far a scorer can be trusted: what `backend scorer eval` measures, `GET
//! /api/scorers/{name}/evaluation` serves and the page shows.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// Name, version and content of a scorer: what a number must be stored with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScorerIdentity {
    /// Name on the command line.
    pub name: String,
    /// Version of its data.
    pub version: String,
    /// First twelve hexadecimal digits of the SHA-256 of what it scores with.
    pub hash: String,
    /// Languages it scores.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub languages: Vec<Language>,
}

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interval {
    /// On the data themselves.
    pub value: f64,
    /// 2.5th percentile over resamples.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// Texts with probabilities in one tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bin {
    /// Lower edge; the upper one is a tenth further.
    pub from: f64,
    /// Texts in it.
    pub count: usize,
    /// Mean probability, 0 if empty.
    pub confidence: f64,
    /// Share of toxic texts, 0 if empty.
    pub toxic: f64,
}

/// The reliability table and the expected calibration error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reliability {
    /// Ten bins of equal width.
    pub bins: Vec<Bin>,
    /// Mean over texts of |confidence − share of toxic texts| of their bin.
    pub error: f64,
}

/// A text on the wrong side of 0.5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mistake {
    /// The text.
    pub text: String,
    /// Whether it is toxic.
    pub toxic: bool,
    /// What the scorer says.
    pub probability: f64,
    /// The parts of the text that the score rests on, the strongest first.
    pub reasons: Vec<String>,
}

/// Measures on one language's test pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LanguageEvaluation {
    /// Language.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// Pairs measured.
    pub pairs: usize,
    /// Area under the ROC curve.
    pub auc: Interval,
    /// Average precision.
    pub average_precision: Interval,
    /// Toxic sentences at or above 0.5.
    pub recall: Interval,
    /// Neutral sentences at or above 0.5.
    pub false_positive_rate: Interval,
    /// Toxic above its own neutral.
    pub pair_accuracy: Interval,
    /// Calibration on the pairs.
    pub reliability: Reliability,
    /// The worst mistakes; none where the licence of the texts keeps them out of a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}

/// Measures on another source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceEvaluation {
    /// Its name.
    pub source: String,
    /// Language.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// Whether the scorer was trained on it.
    pub trained_on: bool,
    /// Toxic texts.
    pub toxic: usize,
    /// Other texts.
    pub clean: usize,
    /// Other texts at or above 0.5.
    pub false_positive_rate: Option<Interval>,
    /// Toxic texts at or above 0.5.
    pub recall: Option<Interval>,
    /// Area under the ROC curve, where both labels occur.
    pub auc: Option<f64>,
}

/// Measures on completions that models wrote, none of them toxic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletionEvaluation {
    /// Language of the prompts.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// `sentence`, `drifted`, `loop`, `list` or `markup`; `all` for the sum of a language.
    pub category: String,
    /// Completions.
    pub texts: usize,
    /// Share that is not in the language of its prompt.
    pub drift: f64,
    /// Mean probability, each scored in the language it is in.
    pub mean: f64,
    /// Share at or above 0.5.
    pub false_positive_rate: f64,
}

/// Everything that `scorer eval` finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluation {
    /// The scorer.
    pub scorer: ScorerIdentity,
    /// What the pairs are.
    pub data: String,
    /// Seed of the intervals.
    pub seed: u64,
    /// Per language.
    pub languages: Vec<LanguageEvaluation>,
    /// Mean AUC over languages.
    pub mean_auc: f64,
    /// Other sources.
    pub sources: Vec<SourceEvaluation>,
    /// Completions of models.
    #[serde(default)]
    pub completions: Vec<CompletionEvaluation>,
}

/// A scorer, as `GET /api/scorers` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScorerSummary {
    /// Who it is; absent if it needs a file first.
    #[serde(default)]
    pub identity: Option<ScorerIdentity>,
    /// Name on the command line.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Whether `/api/scorers/{name}/evaluation` has an answer.
    pub evaluated: bool,
}
