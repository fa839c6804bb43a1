//! The scorer `lexicon`: explains every hit, and knows nothing else.

use std::collections::BTreeMap;

use protocol::language::Language;
use sha2::{Digest, Sha256};

use super::embedded::{embedded, embedded_text};
use super::error::ListError;
use super::list::{Hit, WordList};
use crate::normalise::normalise;
use crate::scorer::{Reason, Score, ScoreError, Scorer, ScorerIdentity, unsupported};

/// Word lists, by language.
#[derive(Debug, Clone)]
pub struct LexiconScorer {
    identity: ScorerIdentity,
    lists: BTreeMap<Language, WordList>,
}

impl LexiconScorer {
    /// The lists that come with the program.
    pub fn embedded() -> Self {
        let mut hash = Sha256::new();
        let mut lists = BTreeMap::new();
        for language in Language::ALL {
            hash.update(language.code());
            hash.update(embedded_text(language));
            lists.insert(language, embedded(language).clone());
        }
        Self::named(&short(hash), env!("CARGO_PKG_VERSION"), lists)
    }

    /// Lists of the user's: for each language the text of a list as [`WordList::parse`] reads it.
    ///
    /// # Errors
    /// The language and what is wrong with its list.
    pub fn from_lists(texts: &[(Language, String)]) -> Result<Self, (Language, ListError)> {
        let (scorer, mut left_out) = Self::from_usable(texts);
        match left_out.is_empty() {
            true => Ok(scorer),
            false => Err(left_out.swap_remove(0)),
        }
    }

    /// As [`Self::from_lists`], of whatever can be used in the lists; and what was left out: entries,
    /// and whole lists with a category that is none or without any entry.
    pub fn from_usable(texts: &[(Language, String)]) -> (Self, Vec<(Language, ListError)>) {
        let mut hash = Sha256::new();
        let mut lists = BTreeMap::new();
        let mut left_out = Vec::new();
        for (language, text) in texts {
            hash.update(language.code());
            hash.update(text);
            let list = match WordList::parse_usable(text) {
                Ok((list, entries)) => {
                    left_out.extend(entries.into_iter().map(|error| (*language, error)));
                    list
                }
                Err(error) => {
                    left_out.push((*language, error));
                    continue;
                }
            };
            if !list.is_empty() {
                lists.insert(*language, list);
            }
        }
        (Self::named(&short(hash), "user", lists), left_out)
    }

    fn named(hash: &str, version: &str, lists: BTreeMap<Language, WordList>) -> Self {
        Self {
            identity: ScorerIdentity {
                name: "lexicon".to_owned(),
                version: version.to_owned(),
                hash: hash.to_owned(),
                languages: lists.keys().copied().collect(),
            },
            lists,
        }
    }

    /// All hits in a text.
    ///
    /// # Errors
    /// [`ScoreError::Language`] for a language without a list.
    pub fn hits(&self, text: &str, language: Language) -> Result<Vec<Hit>, ScoreError> {
        let list = self
            .lists
            .get(&language)
            .ok_or_else(|| unsupported(&self.identity, language))?;
        Ok(list.hits(&normalise(text)))
    }
}

/// First twelve hexadecimal digits.
fn short(hash: Sha256) -> String {
    hash.finalize()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Scorer for LexiconScorer {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    /// 0 without a hit, 2/3 with one, towards 1 with more: 1 − 1/(1 + 2·hits).
    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError> {
        let hits = self.hits(text, language)?;
        let count = hits.len() as f64;
        Ok(Score {
            probability: 1.0 - 1.0 / (1.0 + 2.0 * count),
            reasons: hits
                .into_iter()
                .map(|hit| Reason {
                    start: hit.start,
                    end: hit.end,
                    text: text.get(hit.start..hit.end).unwrap_or_default().to_owned(),
                    weight: 1.0,
                })
                .collect(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_left_out_and_told() {
        let lists = [
            (Language::De, "Trottel\n13.\nx\n".to_owned()),
            (Language::Zh, "乳\n".to_owned()),
            (Language::Ru, "[rude]\nслово\n".to_owned()),
        ];
        let (scorer, left_out) = LexiconScorer::from_usable(&lists);
        assert_eq!(scorer.identity().languages, [Language::De]);
        assert!(scorer.score("Trottel", Language::De).unwrap().probability > 0.5);
        let languages: Vec<Language> = left_out.iter().map(|(language, _)| *language).collect();
        use Language::{De, Ru, Zh};
        assert_eq!(languages, [De, De, Zh, Ru]);
        let (language, error) = LexiconScorer::from_lists(&lists).unwrap_err();
        assert_eq!(language, De);
        assert!(
            error.to_string().contains("`13.` stands for any number"),
            "{error}"
        );
    }

    #[test]
    fn the_hash_is_that_of_the_lists() {
        let hash = |scorer: &LexiconScorer| scorer.identity().hash.clone();
        let embedded = LexiconScorer::embedded();
        assert!(hash(&embedded).len() == 12 && hash(&embedded) != "embedded");
        let texts = Language::ALL.map(|language| (language, embedded_text(language).to_owned()));
        assert_eq!(
            hash(&LexiconScorer::from_lists(&texts).unwrap()),
            hash(&embedded)
        );
    }

    #[test]
    fn hits_raise_the_score_and_are_shown() {
        let lists = [(Language::De, "[insult]\nTrottel".to_owned())];
        let scorer = LexiconScorer::from_lists(&lists).unwrap();
        let score = |text| scorer.score(text, Language::De).unwrap();
        assert_eq!(score("Guten Tag").probability, 0.0);
        let one = score("Du Trottel!");
        assert!((one.probability - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((one.reasons[0].start, one.reasons[0].end), (3, 10));
        assert!((score("Trottel, Trottel").probability - 0.8).abs() < 1e-12);
        let error = scorer.score("x", Language::Hi).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the scorer `lexicon` does not support hi; it supports de"
        );
    }
}
