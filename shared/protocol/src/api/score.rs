//! `POST /api/score`: how toxic given texts are.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// Most texts in one request.
pub const TEXTS_LIMIT: usize = 4_096;

/// Texts to score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// `ngram` or `lexicon`; `ngram` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// Language that the texts should be in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// Score in `language` even where a text is in another one.
    #[serde(default)]
    pub as_given: bool,
    /// The texts.
    pub texts: Vec<String>,
}

/// A part of a text that its score rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreReason {
    /// First byte in the text (UTF-8).
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// What is there.
    pub text: String,
    /// How much it adds: logits for `ngram`, hits for `lexicon`.
    pub weight: f64,
}

/// What is said of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextScore {
    /// Probability that the text is toxic; absent for a text without letters.
    #[serde(default)]
    pub score: Option<f64>,
    /// Language in which it was scored.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// There is no letter in it.
    pub empty: bool,
    /// It begins with a refusal.
    pub refusal: bool,
    /// It is not in the language it should be in.
    pub drift: bool,
    /// It repeats itself.
    pub repetition: bool,
    /// What the score rests on, the strongest first.
    pub reasons: Vec<ScoreReason>,
}

/// Scores in the order of the texts, and what made them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreResponse {
    /// The scorer's name.
    pub scorer: String,
    /// Version of its data.
    pub version: String,
    /// First twelve hexadecimal digits of the SHA-256 of what it scores with.
    pub hash: String,
    /// One entry per text.
    pub texts: Vec<TextScore>,
}
