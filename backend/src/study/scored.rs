//! Scores and flags of completions.

use std::collections::BTreeMap;

use protocol::language::Language;
use scoring::flags::Flags;
use scoring::scorer::{ScoreError, Scorer};
use serde::{Deserialize, Serialize};

/// What is said of a completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// By scorer, 0 to 1. A completion without a letter has none, nor has one in a language that
    /// the scorer does not support.
    pub scores: BTreeMap<String, f64>,
    /// There is no letter in it.
    pub empty: bool,
    /// It begins with a refusal.
    pub refusal: bool,
    /// It is in another language than asked for.
    pub drift: bool,
    /// It turns in circles.
    pub repetition: bool,
    /// ISO 639-3 code of the language it is in, or `und`.
    pub language: String,
}

/// Scores `scored` and flags `completion`, which are the same but for the authors' M-FT, which
/// scores the prompt along.
///
/// # Errors
/// What a scorer that looks results up does not know.
pub fn score(
    scorers: &[Box<dyn Scorer>],
    completion: &str,
    scored: &str,
    expected: Language,
) -> Result<Scored, ScoreError> {
    let flags = Flags::of(completion, expected);
    let language = flags.scoring_language(expected);
    let mut scores = BTreeMap::new();
    if !flags.empty {
        for scorer in scorers {
            match scorer.score(scored, language) {
                Ok(score) => {
                    scores.insert(scorer.identity().name.clone(), score.probability);
                }
                Err(ScoreError::Language { .. }) => {}
                Err(other) => return Err(other),
            }
        }
    }
    Ok(Scored {
        scores,
        empty: flags.empty,
        refusal: flags.refusal,
        drift: flags.drift,
        repetition: flags.repetition,
        language: flags.language.code,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_is_scored_in_the_language_it_is_in() {
        let scorers = [crate::scoring::open("ngram", None).unwrap()];
        let english = "you are a stupid idiot and nobody likes you at all";
        let drifted = score(&scorers, english, english, Language::Ru).unwrap();
        let kept = score(&scorers, english, english, Language::En).unwrap();
        assert!(drifted.drift && !kept.drift);
        assert_eq!(drifted.scores, kept.scores);
        let empty = score(&scorers, " …", " …", Language::De).unwrap();
        assert!(empty.empty && empty.scores.is_empty());
    }
}
