//! What every toxicity scorer is and says.

use protocol::language::Language;
use serde::{Deserialize, Serialize};

pub use protocol::evaluation::ScorerIdentity;

/// A part of the text that the score rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// First byte in the text.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// What is there.
    pub text: String,
    /// How much it adds: logits for `ngram`, hits for `lexicon`.
    pub weight: f64,
}

/// What a scorer says of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Probability that the text is toxic, 0 to 1.
    pub probability: f64,
    /// What speaks for it, the strongest first; at most a handful.
    pub reasons: Vec<Reason>,
}

/// Why a text has no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// There is no silent fallback to another language.
    #[error(
        "the scorer `{scorer}` does not support {language}; it supports {}",
        list(supported)
    )]
    Language {
        /// The scorer.
        scorer: String,
        /// The language asked for.
        language: Language,
        /// What it has.
        supported: Vec<Language>,
    },
    /// What the scorer runs on failed.
    #[error("the scorer `{scorer}` failed: {reason}")]
    Failed {
        /// The scorer.
        scorer: String,
        /// Why.
        reason: String,
    },
    /// A scorer that looks results up has none for this text.
    #[error("the scorer `{scorer}` has no result for this text")]
    Unknown {
        /// The scorer.
        scorer: String,
    },
}

fn list(languages: &[Language]) -> String {
    let codes: Vec<&str> = languages.iter().map(|language| language.code()).collect();
    codes.join(", ")
}

/// A measure of toxicity.
pub trait Scorer: Send + Sync {
    /// Who it is.
    fn identity(&self) -> &ScorerIdentity;

    /// Scores a text that is in `language`.
    ///
    /// # Errors
    /// [`ScoreError::Language`] for a language that it does not support.
    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError>;

    /// The probability alone, without what it rests on.
    ///
    /// # Errors
    /// As [`Scorer::score`].
    fn probability(&self, text: &str, language: Language) -> Result<f64, ScoreError> {
        Ok(self.score(text, language)?.probability)
    }

    /// Reads what it runs on, if that is large and not read yet: a mistake shows before long work.
    ///
    /// # Errors
    /// [`ScoreError::Failed`].
    fn ready(&self) -> Result<(), ScoreError> {
        Ok(())
    }

    /// Whether it was made from the data set of this name, which then cannot test it.
    fn trained_on(&self, _source: &str) -> bool {
        false
    }
}

/// The error for a language that `identity` does not have.
pub(crate) fn unsupported(identity: &ScorerIdentity, language: Language) -> ScoreError {
    ScoreError::Language {
        scorer: identity.name.clone(),
        language,
        supported: identity.languages.clone(),
    }
}
