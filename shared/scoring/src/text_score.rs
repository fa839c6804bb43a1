//! A text with its flags and its score, in the language it is in: what server, command line and
//! browser say of a completion.

use protocol::api::score::{ScoreReason, ScoreResponse, TextScore};
use protocol::language::Language;

use crate::flags::Flags;
use crate::scorer::{Reason, ScoreError, Scorer};

/// Scores a text that should be in `expected`: in the language it is in, or in `expected` if that
/// is asked for (`as_given`). A text without letters has flags and no score.
///
/// # Errors
/// As [`Scorer::score`].
pub fn text_score(
    scorer: &dyn Scorer,
    text: &str,
    expected: Language,
    as_given: bool,
) -> Result<TextScore, ScoreError> {
    let flags = Flags::of(text, expected);
    let language = if as_given {
        expected
    } else {
        flags.scoring_language(expected)
    };
    let scored = match flags.empty {
        true => None,
        false => Some(scorer.score(text, language)?),
    };
    Ok(TextScore {
        score: scored.as_ref().map(|scored| scored.probability),
        language,
        empty: flags.empty,
        refusal: flags.refusal,
        drift: flags.drift,
        repetition: flags.repetition,
        reasons: scored
            .map(|scored| scored.reasons)
            .unwrap_or_default()
            .into_iter()
            .map(ScoreReason::from)
            .collect(),
    })
}

/// Scores of texts, with what made them.
pub fn response(scorer: &dyn Scorer, texts: Vec<TextScore>) -> ScoreResponse {
    let identity = scorer.identity();
    ScoreResponse {
        scorer: identity.name.clone(),
        version: identity.version.clone(),
        hash: identity.hash.clone(),
        texts,
    }
}

impl From<Reason> for ScoreReason {
    fn from(reason: Reason) -> Self {
        Self {
            start: reason.start,
            end: reason.end,
            text: reason.text,
            weight: reason.weight,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ngram::NgramScorer;

    #[test]
    fn a_text_is_scored_in_its_own_language_unless_told_otherwise() {
        let scorer = NgramScorer::embedded().unwrap();
        let russian = "Какая сегодня хорошая погода, пойдём гулять.";
        let score =
            |text: &str, as_given| text_score(scorer, text, Language::De, as_given).unwrap();
        assert_eq!(score(russian, false).language, Language::Ru);
        assert_eq!(score(russian, true).language, Language::De);
        assert!(score(russian, true).drift);
        let empty = score(" 12 ", false);
        assert!(empty.empty && empty.score.is_none());
        let rude = score("Du bist ein Idiot, halt die Klappe!", false);
        assert!(
            rude.score > Some(0.5) && !rude.reasons.is_empty(),
            "{rude:?}"
        );
    }
}
