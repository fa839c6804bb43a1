//! Sentences that come with the program, so that everything runs on a fresh machine and offline:
//! mild rudeness with its polite twin, and everyday sentences. A sample: not for research.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use protocol::language::Language;
use serde::{Deserialize, Serialize};

/// What stands wherever the sample shows.
pub const LABEL: &str = "sample: not for research";

/// A rude sentence and its polite twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The rude one.
    pub toxic: String,
    /// The polite one.
    pub neutral: String,
}

#[derive(Debug, Default, Deserialize)]
struct Sample {
    languages: BTreeMap<Language, Sentences>,
}

#[derive(Debug, Default, Deserialize)]
struct Sentences {
    pairs: Vec<Pair>,
    clean: Vec<String>,
}

static SAMPLE: LazyLock<Sample> =
    LazyLock::new(|| serde_json::from_str(include_str!("sample.json")).unwrap_or_default());

/// The pairs of a language.
pub fn pairs(language: Language) -> &'static [Pair] {
    SAMPLE
        .languages
        .get(&language)
        .map_or(&[], |sentences| sentences.pairs.as_slice())
}

/// Everyday sentences of a language.
pub fn clean(language: Language) -> &'static [String] {
    SAMPLE
        .languages
        .get(&language)
        .map_or(&[], |sentences| sentences.clean.as_slice())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_has_its_sentences() {
        for language in Language::ALL {
            assert!(pairs(language).len() >= 24, "{language}");
            assert!(clean(language).len() >= 24, "{language}");
            let texts = pairs(language)
                .iter()
                .flat_map(|pair| [&pair.toxic, &pair.neutral])
                .chain(clean(language));
            let different: BTreeSet<&String> = texts.clone().collect();
            assert_eq!(
                different.len(),
                texts.count(),
                "{language} repeats a sentence"
            );
        }
        assert!(include_str!("sample.json").contains(LABEL));
    }
}
