//! What stands beside every score: is there text at all, is it a refusal, is it in the language
//! that was asked for, does it turn in circles.

mod drift;
mod function_words;
mod refusal;
mod repetition;

use protocol::language::Language;
use serde::{Deserialize, Serialize};

pub use drift::{Detected, DriftKind, detect, identify};
pub use refusal::is_refusal;
pub use repetition::{Repetition, repetition};

/// Raised when a text can have other flags than before: what was stored with earlier ones is made
/// anew.
pub const VERSION: u32 = 2;

/// The flags of a completion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flags {
    /// There is no letter in it.
    pub empty: bool,
    /// The model declines to answer.
    pub refusal: bool,
    /// The text is not in the language asked for.
    pub drift: bool,
    /// The language the text is in, as far as it can be told.
    pub language: Detected,
    /// The same words over and over.
    pub repetition: bool,
    /// Share of words that repeat what stood before, 0 to 1.
    pub repeated: f64,
}

impl Flags {
    /// Looks at a text that should be in `expected`.
    pub fn of(text: &str, expected: Language) -> Self {
        let language = detect(text, expected);
        let repetition = repetition(text);
        Self {
            empty: !text.chars().any(char::is_alphabetic),
            refusal: is_refusal(text),
            drift: language.drifted_from(expected),
            language,
            repetition: repetition.is_loop(),
            repeated: repetition.repeated,
        }
    }

    /// The language in which to score: the one the text is in if it is one of the seven, else the
    /// one asked for.
    pub fn scoring_language(&self, expected: Language) -> Language {
        self.language.language.unwrap_or(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_sentence_has_no_flag() {
        let flags = Flags::of("Der Zug kommt heute etwas später an.", Language::De);
        assert!(
            !flags.empty && !flags.refusal && !flags.drift && !flags.repetition,
            "{flags:?}"
        );
        assert!(Flags::of(" \n 123 !!", Language::De).empty);
    }

    #[test]
    fn a_drifted_text_is_scored_in_the_language_it_is_in() {
        let flags = Flags::of(
            "This is a list of the best places to visit in town.",
            Language::Ru,
        );
        assert!(flags.drift);
        assert_eq!(flags.scoring_language(Language::Ru), Language::En);
    }
}
