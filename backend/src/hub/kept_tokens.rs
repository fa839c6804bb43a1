//! Which tokens a trimmed model keeps, as a small file: with it and the full model the trimmed file
//! can be made anew, byte for byte, without the corpus.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::trim::{Provenance, Selection};
use serde::{Deserialize, Serialize};

use super::error::HubError;

/// The lists that this program was built with, by the id of the model that they make.
const EMBEDDED: &[(&str, &str)] = &[(
    "gemma-3-270m-mini",
    include_str!("kept_tokens/gemma-3-270m-mini.json"),
)];

/// The kept tokens of one full model, and the corpus they come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptTokens {
    /// SHA-256 of the full model's file.
    pub source_sha256: String,
    /// SHA-256 of the corpus.
    pub corpus_sha256: String,
    /// Texts of the corpus.
    pub corpus_texts: u64,
    /// BCP-47 codes of the languages.
    pub languages: Vec<String>,
    /// Tokens of the full model.
    pub vocabulary_size: usize,
    /// One bit for each token, the first token in the lowest bit of the first byte; base64.
    kept: String,
}

impl KeptTokens {
    /// The list that the program was built with for the model `id`.
    ///
    /// # Errors
    /// [`HubError::Record`] when there is none or it is broken (a test keeps it from being).
    pub fn embedded(id: &str) -> Result<Self, HubError> {
        let broken = |reason: String| HubError::Record {
            path: format!("kept_tokens/{id}.json").into(),
            reason,
        };
        let (_, text) = EMBEDDED
            .iter()
            .find(|(name, _)| *name == id)
            .ok_or_else(|| broken("no such list".to_owned()))?;
        serde_json::from_str(text).map_err(|error| broken(error.to_string()))
    }

    /// The list of a selection.
    pub fn new(selection: &Selection, provenance: &Provenance) -> Self {
        let mut bits = vec![0u8; selection.full_size().div_ceil(8)];
        for &token in selection.kept() {
            if let Some(byte) = bits.get_mut(token as usize / 8) {
                *byte |= 1 << (token % 8);
            }
        }
        Self {
            source_sha256: provenance.source_sha256.clone(),
            corpus_sha256: provenance.corpus_sha256.clone(),
            corpus_texts: provenance.corpus_texts,
            languages: provenance.languages.clone(),
            vocabulary_size: selection.full_size(),
            kept: STANDARD.encode(bits),
        }
    }

    /// The selection of the list.
    ///
    /// # Errors
    /// [`HubError::Record`] when the bits are not those of a vocabulary of this size.
    pub fn selection(&self) -> Result<Selection, HubError> {
        let broken = |reason: String| HubError::Record {
            path: "kept_tokens".into(),
            reason,
        };
        let bits = STANDARD
            .decode(&self.kept)
            .map_err(|error| broken(format!("`kept`: {error}")))?;
        let tokens: Vec<u32> = (0..)
            .zip(
                bits.iter()
                    .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)),
            )
            .filter_map(|(token, bit)| (bit == 1).then_some(token))
            .collect();
        Selection::of(&tokens, self.vocabulary_size)
            .filter(|_| bits.len() == self.vocabulary_size.div_ceil(8))
            .ok_or_else(|| {
                broken(format!(
                    "`kept` is not a list of {} tokens",
                    self.vocabulary_size
                ))
            })
    }

    /// What the trimmed file says of its origin.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            source_sha256: self.source_sha256.clone(),
            corpus_sha256: self.corpus_sha256.clone(),
            corpus_texts: self.corpus_texts,
            languages: self.languages.clone(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            source_sha256: "a".into(),
            corpus_sha256: "b".into(),
            corpus_texts: 3,
            languages: vec!["de".into()],
        }
    }

    #[test]
    fn a_selection_comes_back_from_its_list() {
        let selection = Selection::of(&[0, 7, 8, 18], 19).unwrap();
        let list = KeptTokens::new(&selection, &provenance());
        let text = serde_json::to_string(&list).unwrap();
        let list: KeptTokens = serde_json::from_str(&text).unwrap();
        assert_eq!(list.selection().unwrap(), selection);
        assert_eq!(list.provenance(), provenance());
    }

    #[test]
    fn a_list_of_another_size_is_refused() {
        let selection = Selection::of(&[18], 19).unwrap();
        let mut list = KeptTokens::new(&selection, &provenance());
        list.vocabulary_size = 18;
        assert!(list.selection().is_err());
        list.vocabulary_size = 40;
        assert!(list.selection().is_err());
    }

    #[test]
    fn the_embedded_lists_can_be_read() {
        for (id, _) in EMBEDDED {
            let list = KeptTokens::embedded(id).unwrap();
            assert!(list.selection().unwrap().kept().len() > 1000, "{id}");
        }
        assert!(KeptTokens::embedded("none").is_err());
    }
}
