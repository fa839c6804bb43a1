//! What the model looks at in a text: pieces of words, words, runs of words, hits of the embedded
//! word list and names of groups, and what stands around these two.

use protocol::language::Language;

use super::groups::groups;
use super::hash::Hash;
use super::marks::{Class, Mark, Sequence};
use crate::lexicon::{self, Category};
use crate::normalise::Normalised;

/// Features that are no hash: one and several hits of each category of the word list, whether a
/// group is named, and both together.
pub const DENSE: usize = 2 * Category::ALL.len() + 2;

/// More tokens than a sentence has; the rest of a longer text is not looked at.
const TOKEN_LIMIT: usize = 2_000;
/// A text with fewer features weighs as if it had so many.
const FEWEST: usize = 25;

/// How much what stands around marks counts, all of it together.
const CONTEXT: f32 = 0.25;

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
    /// Buckets without repetition, in the order of the text.
    pub buckets: Vec<u32>,
    /// What every bucket of this text counts: long texts have many, each weighs less.
    pub value: f32,
    /// From here on in `buckets`: what stands around insults, curses, threats and groups.
    pub context: usize,
    /// What each of those counts: they are few, and would be lost among the pieces.
    pub context_value: f32,
    /// Hits of the word list: 1 where there is one, 1 more place where there are several.
    pub dense: [f32; DENSE],
}

/// Buffers that last from text to text.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    characters: Vec<char>,
    sequence: Sequence,
    /// One bit per bucket: whether this text has it.
    seen: Vec<u64>,
    features: Features,
}

impl Workspace {
    /// Looks at a text; `bits` is the logarithm of the number of buckets. `each` is called with
    /// every bucket where it is found first.
    pub fn extract(
        &mut self,
        text: &Normalised,
        language: Language,
        bits: u32,
        mut each: impl FnMut(u32, Place),
    ) -> &Features {
        let mask = (1_u32 << bits) - 1;
        self.seen.resize((1_usize << bits).div_ceil(64), 0);
        let Self {
            characters,
            sequence,
            seen,
            features,
        } = self;
        features.buckets.clear();
        let mut add = |hash: u32, place: Place| {
            let bucket = hash & mask;
            if is_new(seen, bucket) {
                features.buckets.push(bucket);
                each(bucket, place);
            }
        };
        sequence.clear();
        for (token, word) in (0_u32..).zip(text.words().take(TOKEN_LIMIT)) {
            characters.clear();
            if word.is_han {
                characters.extend(word.text.chars());
                // Two characters are a word; three are hardly ever met again, and cross-validation
                // is better without them.
                pieces(characters, token, 1, 2, &mut add);
                sequence.begin_run(token, characters);
            } else {
                characters.push(' ');
                characters.extend(word.text.chars());
                characters.push(' ');
                pieces(characters, token, 2, 5, &mut add);
                let own = sequence.word(token, word.text);
                add(own, whole(token));
            }
        }
        features.dense = [0.0; DENSE];
        let mut counts = [0_usize; Category::ALL.len()];
        lexicon::embedded(language).search(text, |_, found| {
            counts[found.category as usize] += 1;
            sequence.mark(Mark::new(Class::of(found.category), &found, text));
        });
        let hits = sequence.marked();
        groups(language).search(text, |_, found| {
            sequence.mark(Mark::new(Class::Group, &found, text));
        });
        let named = sequence.marked() > hits;
        sequence.words(&mut add);
        features.context = features.buckets.len();
        sequence.around_marks(&mut |hash, place| {
            let bucket = hash & mask;
            if is_new(seen, bucket) {
                features.buckets.push(bucket);
                each(bucket, place);
            }
        });
        for bucket in &features.buckets {
            seen[*bucket as usize / 64] = 0;
        }
        for (category, count) in counts.into_iter().enumerate() {
            features.dense[2 * category] = f32::from(u8::from(count >= 1));
            features.dense[2 * category + 1] = f32::from(u8::from(count >= 2));
        }
        features.dense[DENSE - 2] = f32::from(u8::from(named));
        features.dense[DENSE - 1] = f32::from(u8::from(named && hits > 0));
        features.value = 1.0 / (features.context.max(FEWEST) as f32).sqrt();
        let context = features.buckets.len() - features.context;
        features.context_value = CONTEXT / (context.max(1) as f32).sqrt();
        features
    }
}

/// Whether the bucket was not seen before; from now on it is.
fn is_new(seen: &mut [u64], bucket: u32) -> bool {
    let word = &mut seen[bucket as usize / 64];
    let bit = 1_u64 << (bucket % 64);
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}

/// The place of a whole word.
pub(super) fn whole(token: u32) -> Place {
    Place {
        token,
        start: 0,
        length: 0,
    }
}

/// All runs of `shortest` to `longest` characters.
fn pieces(
    characters: &[char],
    token: u32,
    shortest: usize,
    longest: usize,
    add: &mut impl FnMut(u32, Place),
) {
    for start in 0..characters.len() {
        let mut hash = Hash::new(1);
        for (length, character) in (1..=longest).zip(&characters[start..]) {
            hash.add(*character);
            if length >= shortest {
                let place = Place {
                    token,
                    start: u16::try_from(start).unwrap_or(u16::MAX),
                    length: length as u16,
                };
                add(hash.finish(), place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::normalise;

    fn count(text: &str, language: Language) -> usize {
        let mut workspace = Workspace::default();
        let features = workspace.extract(&normalise(text), language, 17, |_, _| {});
        features.buckets.len()
    }

    #[test]
    fn a_word_has_its_pieces_and_itself() {
        // " ab ": three pieces of two (" a", "ab", "b "), two of three, one of four, the word.
        assert_eq!(count("ab", Language::De), 3 + 2 + 1 + 1);
        // Repetition adds nothing but the pair of words.
        assert_eq!(count("ab ab", Language::De), 8);
        // 你好: two characters, one pair.
        assert_eq!(count("你好", Language::Zh), 3);
        assert_eq!(count("!?", Language::Zh), 0);
    }

    #[test]
    fn the_same_words_around_any_insult_are_the_same() {
        let buckets = |text: &str| {
            let mut workspace = Workspace::default();
            let mut buckets = workspace
                .extract(&normalise(text), Language::En, 17, |_, _| {})
                .buckets
                .clone();
            buckets.sort_unstable();
            buckets
        };
        let common = |left: &str, right: &str| {
            let (left, right) = (buckets(left), buckets(right));
            left.iter()
                .filter(|bucket| right.binary_search(bucket).is_ok())
                .count()
        };
        // Around insults there is more in common than around words that are on no list.
        assert!(
            common("not an idiot", "not an moron") > common("not an apple", "not an river") + 3
        );
    }

    #[test]
    fn nothing_of_a_text_stays_behind() {
        let mut workspace = Workspace::default();
        workspace.extract(&normalise("you are an idiot"), Language::En, 17, |_, _| {});
        let again = workspace
            .extract(&normalise("ab"), Language::De, 17, |_, _| {})
            .buckets
            .len();
        assert_eq!(again, 7);
    }
}
