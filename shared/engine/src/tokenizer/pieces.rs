//! The texts of all tokens, in one allocation.

use std::hash::{BuildHasher, RandomState};

use super::token_kind::TokenKind;

/// Texts and kinds of all tokens, by id. 262,144 short strings of their own would take 15 MB.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    text: String,
    ends: Vec<usize>,
    kinds: Vec<TokenKind>,
}

impl Pieces {
    /// Appends the next id's text.
    pub fn push(&mut self, text: &str, kind: TokenKind) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.kinds.push(kind);
    }

    /// Gives back what growing left over.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.kinds.shrink_to_fit();
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a token as the file writes it; empty for an id that does not exist.
    pub fn text(&self, token: u32) -> &str {
        let index = token as usize;
        let start = match index.checked_sub(1) {
            Some(previous) => self.ends.get(previous).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(index)) {
            (Some(start), Some(&end)) => self.text.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    /// The kind of a token.
    pub fn kind(&self, token: u32) -> Option<TokenKind> {
        self.kinds.get(token as usize).copied()
    }

    /// Texts and kinds in order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str, TokenKind)> + '_ {
        (0..)
            .zip(&self.kinds)
            .map(|(token, &kind)| (token, self.text(token), kind))
    }
}

/// Finds ids by text: an open-addressed table of ids beside the [`Pieces`], which keep the texts.
#[derive(Debug, Clone)]
pub(crate) struct PieceIndex {
    slots: Vec<u32>,
    hasher: RandomState,
}

const EMPTY: u32 = u32::MAX;

impl PieceIndex {
    /// An index of all tokens, or the first pair of ids that have the same text.
    pub(crate) fn new(pieces: &Pieces) -> Result<Self, (u32, u32)> {
        let mut index = Self {
            slots: vec![EMPTY; (pieces.len() * 2).max(2).next_power_of_two()],
            hasher: RandomState::new(),
        };
        for (token, text, _) in pieces.iter() {
            let (slot, found) = index.find(pieces, text);
            if let Some(first) = found {
                return Err((first, token));
            }
            if let Some(place) = index.slots.get_mut(slot) {
                *place = token;
            }
        }
        Ok(index)
    }

    /// The id of a text.
    pub(crate) fn get(&self, pieces: &Pieces, text: &str) -> Option<u32> {
        self.find(pieces, text).1
    }

    /// Where a text is, or where it would go. At least half of the slots are empty, so this ends.
    fn find(&self, pieces: &Pieces, text: &str) -> (usize, Option<u32>) {
        let mask = self.slots.len() - 1;
        let mut slot = (self.hasher.hash_one(text) as usize) & mask;
        while let Some(&token) = self.slots.get(slot) {
            if token == EMPTY {
                return (slot, None);
            }
            if pieces.text(token) == text {
                return (slot, Some(token));
            }
            slot = (slot + 1) & mask;
        }
        (slot, None)
    }
}
