//! What merging makes on its way to a token.
//!
//! Merges are never undone. Where a text's tokens contain `t`, the merges inside of `t` were
//! exactly those that make `t` out of its own text alone: one across its border would have put the
//! border elsewhere. So a vocabulary that keeps `t` and everything on that path, and adds nothing,
//! makes the same choices on every text whose tokens it keeps.

use std::collections::HashMap;

use crate::error::CheckpointError;
use crate::tokenizer::{Family, GgufVocabulary, Pieces, Tokenizer};

/// Finds the tokens on the way to a token.
pub(super) enum MergePaths<'a> {
    SentencePiece(&'a Tokenizer),
    ByteLevel(ByteLevelMerges<'a>),
}

/// Merges by the pair of tokens that they join.
pub(super) struct ByteLevelMerges<'a> {
    pieces: &'a Pieces,
    by_text: HashMap<&'a str, u32>,
    /// Rank, and the token that comes out.
    by_pair: HashMap<(u32, u32), (usize, u32)>,
}

impl<'a> MergePaths<'a> {
    pub(super) fn new(
        tokenizer: &'a Tokenizer,
        vocabulary: &GgufVocabulary,
    ) -> Result<Self, CheckpointError> {
        if vocabulary.family == Family::SentencePiece {
            return Ok(Self::SentencePiece(tokenizer));
        }
        let pieces = tokenizer.pieces();
        let by_text: HashMap<&str, u32> = pieces.iter().map(|(id, text, _)| (text, id)).collect();
        let mut by_pair = HashMap::with_capacity(vocabulary.merges.len());
        for (rank, merge) in vocabulary.merges.iter().enumerate() {
            let joined = GgufVocabulary::halves(merge).and_then(|(left, right)| {
                let whole = format!("{left}{right}");
                let id = |text: &str| by_text.get(text).copied();
                Some(((id(left)?, id(right)?), id(&whole)?))
            });
            let (pair, whole) = joined.ok_or_else(|| {
                let reason = format!("merge {rank}, `{merge}`, is not of the vocabulary");
                vocabulary.fault("merges", reason)
            })?;
            by_pair.insert(pair, (rank, whole));
        }
        Ok(Self::ByteLevel(ByteLevelMerges {
            pieces,
            by_text,
            by_pair,
        }))
    }

    /// The pieces of the token's characters and everything merged from them.
    pub(super) fn of(&self, token: u32) -> Vec<u32> {
        match self {
            Self::SentencePiece(tokenizer) => {
                let text = tokenizer.pieces().text(token);
                tokenizer
                    .sentencepiece()
                    .map(|model| model.merge_path(text))
                    .unwrap_or_default()
            }
            Self::ByteLevel(merges) => merges.path(token),
        }
    }
}

impl ByteLevelMerges<'_> {
    fn path(&self, token: u32) -> Vec<u32> {
        let characters = self.pieces.text(token).chars();
        let mut symbols: Vec<u32> = characters
            .filter_map(|character| self.by_text.get(&*character.encode_utf8(&mut [0; 4])))
            .copied()
            .collect();
        let mut path = symbols.clone();
        loop {
            let best = symbols
                .windows(2)
                .enumerate()
                .filter_map(|(place, pair)| match pair {
                    [left, right] => {
                        let (rank, whole) = self.by_pair.get(&(*left, *right))?;
                        Some((*rank, place, *whole))
                    }
                    _ => None,
                })
                .min();
            let Some((_, place, whole)) = best else {
                return path;
            };
            symbols.splice(place..place + 2, [whole]);
            path.push(whole);
        }
    }
}
