//! The texts behind a cell: what the model wrote before and after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::split::EvaluationSplit;
use super::strategy::Strategy;
use crate::language::Language;

/// One completion and what is said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleText {
    /// The completion, without its prompt.
    pub text: String,
    /// Scores by scorer, 0 to 1; a scorer that has none is not there.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, f64>))]
    pub scores: BTreeMap<String, f64>,
    /// Perplexity given the prompt, by the study's fixed model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// ISO 639-3 code of the language it is in, or `und`.
    pub language: String,
    /// There is no letter in it.
    #[serde(default)]
    pub empty: bool,
    /// It begins with a refusal.
    #[serde(default)]
    pub refusal: bool,
    /// It is not in the language it should be in.
    #[serde(default)]
    pub drift: bool,
    /// It turns in circles.
    #[serde(default)]
    pub repetition: bool,
}

/// The same prompt, seed and number of completion, before and after fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    /// `SPLIT/LANGUAGE/NUMBER`, the number from 1 in the split's file.
    pub prompt_id: String,
    /// Evaluation language.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub language: Language,
    /// Split.
    pub split: EvaluationSplit,
    /// The state of the model that wrote `after`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// The study's seed.
    pub seed: u64,
    /// Which of the prompt's k completions, from 0.
    pub k: usize,
    /// The prompt with its template. Empty where the texts of the data set may not be passed on,
    /// as in the study that comes with the program.
    pub prompt: String,
    /// By the model as it is.
    pub before: SampleText,
    /// By the fine-tuned model.
    pub after: SampleText,
}

impl Sample {
    /// How much less toxic it became, −1 to 1, by that scorer.
    pub fn change(&self, scorer: &str) -> Option<f64> {
        Some(self.before.scores.get(scorer)? - self.after.scores.get(scorer)?)
    }
}
