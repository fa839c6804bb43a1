//! The one split of ParaDetox for every training regime: that of the authors of "Breaking mBad!",
//! 300 pairs for training and 100 for testing per language, in their order.
//!
//! They made it by shuffling, and the order in which the pairs lie at their public home is no part
//! of this program, so the split is kept as what it is: a list of pairs, each by the start of its
//! toxic sentence's SHA-256. Whatever order pairs arrive in, they come out as the authors have them.

use std::collections::HashMap;

use protocol::language::Language;
use sha2::{Digest, Sha256};

/// Pairs of a language that are for training; the rest is for testing.
const TRAIN: usize = 300;

fn list(language: Language) -> &'static str {
    match language {
        Language::Ar => include_str!("published_split/ar.txt"),
        Language::De => include_str!("published_split/de.txt"),
        Language::En => include_str!("published_split/en.txt"),
        Language::Es => include_str!("published_split/es.txt"),
        Language::Hi => include_str!("published_split/hi.txt"),
        Language::Ru => include_str!("published_split/ru.txt"),
        Language::Zh => include_str!("published_split/zh.txt"),
    }
}

/// Places of the pairs of a language in the split, from 0.
#[derive(Debug)]
pub struct PublishedSplit {
    places: HashMap<String, usize>,
    /// Pairs for training: the places below this one.
    pub train: usize,
}

impl PublishedSplit {
    /// That of `language`.
    pub fn of(language: Language) -> Self {
        Self {
            places: list(language).lines().map(str::to_owned).zip(0..).collect(),
            train: TRAIN,
        }
    }

    /// One of pairs with these toxic sentences.
    #[cfg(test)]
    pub fn from_sentences(toxic: &[&str], train: usize) -> Self {
        Self {
            places: toxic.iter().map(|toxic| name(toxic)).zip(0..).collect(),
            train,
        }
    }

    /// Pairs that there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of the pair with this toxic sentence.
    pub fn place(&self, toxic: &str) -> Option<usize> {
        self.places.get(&name(toxic)).copied()
    }
}

/// Twelve hexadecimal digits. White space does not count: programs trim it differently.
fn name(toxic: &str) -> String {
    let space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{a0}');
    let bare: String = toxic.chars().filter(|c| !space(*c)).collect();
    Sha256::digest(bare.as_bytes())
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_four_hundred() {
        for language in Language::ALL {
            assert_eq!(PublishedSplit::of(language).len(), 400, "{language}");
        }
        assert_eq!(name(" a\u{a0}b\n"), "fb8e20fc2e4c");
        assert_eq!(PublishedSplit::of(Language::De).place("ab"), None);
    }
}
