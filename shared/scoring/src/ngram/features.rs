//! What the model looks at in a text: pieces of words, words, pairs of words, and hits of the
//! embedded word list.

use protocol::language::Language;

use crate::lexicon::{self, Category};
use crate::normalise::Normalised;

/// Features that are no hash: one and several hits of each category of the word list.
pub const DENSE: usize = 2 * Category::ALL.len();

/// More tokens than a sentence has; the rest of a longer text is not looked at.
const TOKEN_LIMIT: usize = 2_000;

/// Where a feature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the (first) token.
    pub token: u32,
    /// First character of the token, for Chinese.
    pub start: u16,
    /// Number of characters; 0 for a whole word.
    pub length: u16,
}

/// The features of one text.
#[derive(Debug, Clone, Default)]
pub struct Features {
    /// Buckets, ascending and without repetition.
    pub buckets: Vec<u32>,
    /// One place for each bucket, the first if there are several.
    pub places: Vec<Place>,
    /// What every bucket of this text counts: long texts have many, each weighs less.
    pub value: f32,
    /// Hits of the word list: 1 where there is one, 1 more place where there are several.
    pub dense: [f32; DENSE],
}

/// Looks at a text; `bits` is the logarithm of the number of buckets.
pub fn extract(text: &Normalised, language: Language, bits: u32) -> Features {
    let mask = (1_u32 << bits) - 1;
    let mut found: Vec<(u32, Place)> = Vec::with_capacity(256);
    let tokens = &text.tokens[..text.tokens.len().min(TOKEN_LIMIT)];
    let mut characters: Vec<char> = Vec::with_capacity(32);
    let mut previous: Option<u32> = None;
    for (token, word) in (0_u32..).zip(tokens) {
        characters.clear();
        let chinese = word.is_han();
        if !chinese {
            characters.push(' ');
        }
        characters.extend(word.text.chars());
        if !chinese {
            characters.push(' ');
        }
        let (shortest, longest) = if chinese { (1, 4) } else { (2, 5) };
        for start in 0..characters.len() {
            let mut hash = Hash::new(1);
            for length in 1..=longest.min(characters.len() - start) {
                hash.add(characters[start + length - 1]);
                if length >= shortest {
                    let place = Place {
                        token,
                        start: u16::try_from(start).unwrap_or(u16::MAX),
                        length: u16::try_from(length).unwrap_or(u16::MAX),
                    };
                    found.push((hash.finish() & mask, place));
                }
            }
        }
        if chinese {
            previous = None;
            continue;
        }
        let place = Place {
            token,
            start: 0,
            length: 0,
        };
        let mut hash = Hash::new(2);
        word.text.chars().for_each(|character| hash.add(character));
        let own = hash.finish();
        found.push((own & mask, place));
        if let Some(before) = previous {
            found.push((mix(before.rotate_left(7) ^ own ^ 0x5bd1_e995) & mask, place));
        }
        previous = Some(own);
    }
    found.sort_by_key(|(bucket, _)| *bucket);
    found.dedup_by_key(|(bucket, _)| *bucket);
    let mut features = Features {
        value: 1.0 / (found.len().max(25) as f32).sqrt(),
        ..Features::default()
    };
    (features.buckets, features.places) = found.into_iter().unzip();
    for (category, hits) in lexicon::embedded(language).count(text) {
        let at = 2 * category as usize;
        features.dense[at] = f32::from(u8::from(hits >= 1));
        features.dense[at + 1] = f32::from(u8::from(hits >= 2));
    }
    features
}

/// FNV-1a over characters; `kind` keeps words and pieces apart.
struct Hash(u32);

impl Hash {
    fn new(kind: u32) -> Self {
        Self(0x811c_9dc5 ^ kind.wrapping_mul(0x9e37_79b9))
    }

    fn add(&mut self, character: char) {
        self.0 = (self.0 ^ u32::from(character)).wrapping_mul(0x0100_0193);
    }

    fn finish(&self) -> u32 {
        mix(self.0)
    }
}

/// Spreads all bits over all places, as the table takes the lowest.
fn mix(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::normalise;

    #[test]
    fn a_word_has_its_pieces_and_itself() {
        // " ab ": four pieces of two (" a", "ab", "b "), two of three, one of four, the word.
        let one = extract(&normalise("ab"), Language::De, 17);
        assert_eq!(one.buckets.len(), 3 + 2 + 1 + 1);
        assert!((one.value - 0.2).abs() < 1e-6);
        // Repetition adds nothing but the pair of words.
        let two = extract(&normalise("ab ab"), Language::De, 17);
        assert_eq!(two.buckets.len(), 8);
        // 你好: two characters, one pair.
        assert_eq!(
            extract(&normalise("你好"), Language::Zh, 17).buckets.len(),
            3
        );
        assert!(
            extract(&normalise("!?"), Language::Zh, 17)
                .buckets
                .is_empty()
        );
    }
}
