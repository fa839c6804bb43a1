//! SentencePiece's BPE as a model of the `tokenizers` crate.
//!
//! The crate's own BPE wants a table of merges with one rank each. SentencePiece has none: it joins
//! the two neighbours whose joined text has the best *score*, leftmost first, whatever the two are.
//! A table of merges cannot say that two ways to one token rank alike, and for Gemma it would take
//! half a million entries; the lookup by text is exact and needs neither.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokenizers::{AddedToken, Model, Token, Trainer};

use super::pieces::{PieceIndex, Pieces};

/// What a vocabulary does with a character that is no piece.
#[derive(Debug, Clone)]
pub(crate) enum Fallback {
    /// One token per byte.
    Bytes(Box<[u32; 256]>),
    /// One token for all of them.
    Unknown(u32),
}

/// Pieces with scores, joined greedily by score.
#[derive(Debug, Clone)]
pub struct SentencePieceBpe {
    pieces: Arc<Pieces>,
    index: PieceIndex,
    scores: Vec<f32>,
    fallback: Fallback,
}

/// Part of the text: one character at first, a piece in the end.
#[derive(Clone, Copy)]
struct Symbol {
    start: usize,
    length: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

/// Two neighbours that make a piece.
struct Candidate {
    score: f32,
    left: usize,
    right: usize,
    length: usize,
    token: u32,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// The best score first, and of equals the leftmost.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.left.cmp(&self.left))
    }
}

impl SentencePieceBpe {
    pub(crate) fn new(
        pieces: Arc<Pieces>,
        index: PieceIndex,
        scores: Vec<f32>,
        fallback: Fallback,
    ) -> Self {
        Self {
            pieces,
            index,
            scores,
            fallback,
        }
    }

    /// The id of a piece that merging may produce.
    fn mergeable(&self, text: &str) -> Option<u32> {
        self.index.get(&self.pieces, text).filter(|&token| {
            self.pieces
                .kind(token)
                .is_some_and(super::TokenKind::is_mergeable)
        })
    }

    /// Joins the characters of `text` and hands every piece that came to be, in this order, to
    /// `joined`.
    fn merge(&self, text: &str, mut joined: impl FnMut(u32)) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(index, (start, character))| Symbol {
                start,
                length: character.len_utf8(),
                previous: index.checked_sub(1),
                next: Some(index + 1),
            })
            .collect();
        if let Some(last) = symbols.last_mut() {
            last.next = None;
        }

        let mut queue = BinaryHeap::with_capacity(symbols.len());
        for left in 1..symbols.len() {
            queue.extend(self.candidate(text, &symbols, left - 1, left));
        }
        while let Some(best) = queue.pop() {
            let (Some(&left), Some(&right)) = (symbols.get(best.left), symbols.get(best.right))
            else {
                continue;
            };
            // One of the two has been joined with another neighbour meanwhile.
            if left.length == 0 || right.length == 0 || left.length + right.length != best.length {
                continue;
            }
            joined(best.token);
            if let Some(symbol) = symbols.get_mut(best.left) {
                symbol.length = best.length;
                symbol.next = right.next;
            }
            if let Some(symbol) = symbols.get_mut(best.right) {
                symbol.length = 0;
            }
            if let Some(next) = right.next {
                if let Some(symbol) = symbols.get_mut(next) {
                    symbol.previous = Some(best.left);
                }
                queue.extend(self.candidate(text, &symbols, best.left, next));
            }
            if let Some(previous) = left.previous {
                queue.extend(self.candidate(text, &symbols, previous, best.left));
            }
        }
        symbols.retain(|symbol| symbol.length > 0);
        symbols
    }

    fn candidate(
        &self,
        text: &str,
        symbols: &[Symbol],
        left: usize,
        right: usize,
    ) -> Option<Candidate> {
        let (first, second) = (symbols.get(left)?, symbols.get(right)?);
        let length = first.length + second.length;
        let token = self.mergeable(text.get(first.start..first.start + length)?)?;
        Some(Candidate {
            score: *self.scores.get(token as usize)?,
            left,
            right,
            length,
            token,
        })
    }

    /// Everything that merging makes out of `text` on the way, its characters' pieces included.
    pub fn merge_path(&self, text: &str) -> Vec<u32> {
        let mut path: Vec<u32> = text
            .chars()
            .filter_map(|character| self.mergeable(character.encode_utf8(&mut [0; 4])))
            .collect();
        self.merge(text, |token| path.push(token));
        path
    }
}

impl Model for SentencePieceBpe {
    type Trainer = FixedVocabulary;

    fn tokenize(&self, sequence: &str) -> tokenizers::Result<Vec<Token>> {
        let symbols = self.merge(sequence, |_| ());
        let mut tokens = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let offsets = (symbol.start, symbol.start + symbol.length);
            let text = sequence.get(offsets.0..offsets.1).unwrap_or("");
            let mut push = |token| {
                let value = self.pieces.text(token).to_owned();
                tokens.push(Token::new(token, value, offsets));
            };
            match (self.mergeable(text), &self.fallback) {
                (Some(token), _) => push(token),
                (None, Fallback::Unknown(token)) => push(*token),
                (None, Fallback::Bytes(bytes)) => text
                    .bytes()
                    .filter_map(|byte| bytes.get(usize::from(byte)))
                    .for_each(|&token| push(token)),
            }
        }
        Ok(tokens)
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        self.index.get(&self.pieces, token)
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        self.pieces.kind(id)?;
        Some(self.pieces.text(id).to_owned())
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        self.pieces
            .iter()
            .map(|(token, text, _)| (text.to_owned(), token))
            .collect()
    }

    fn get_vocab_size(&self) -> usize {
        self.pieces.len()
    }

    fn save(&self, _folder: &Path, _prefix: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        Err("a vocabulary from a checkpoint is written with its checkpoint".into())
    }

    fn get_trainer(&self) -> FixedVocabulary {
        FixedVocabulary
    }
}

/// The trainer that the `tokenizers` crate asks of every model; this one refuses, since the
/// vocabulary belongs to the weights.
#[derive(Debug, Clone, Copy)]
pub struct FixedVocabulary;

impl Trainer for FixedVocabulary {
    type Model = SentencePieceBpe;

    fn should_show_progress(&self) -> bool {
        false
    }

    fn train(&self, _model: &mut SentencePieceBpe) -> tokenizers::Result<Vec<AddedToken>> {
        Err("a vocabulary from a checkpoint cannot be trained".into())
    }

    fn feed<I, S, F>(&mut self, _iterator: I, _process: F) -> tokenizers::Result<()>
    where
        I: Iterator<Item = S> + Send,
        S: AsRef<str> + Send,
        F: Fn(&str) -> tokenizers::Result<Vec<String>> + Sync,
    {
        Err("a vocabulary from a checkpoint cannot be trained".into())
    }
}
