//! A list of words, stems and phrases, and how a text is searched for them.

#[cfg(test)]
mod tests;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::error::ListError;
use crate::normalise::{Normalised, Word, is_han, normalise};

/// The longest entry in Chinese characters.
const LONGEST_HAN: usize = 12;
/// Arabic particles that are written together with the word behind them.
const ARABIC_PARTICLES: [&str; 9] = ["وال", "بال", "فال", "يا", "ال", "لل", "و", "ب", "ل"];

/// What kind of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Says that somebody is stupid, worthless, dirty, an animal.
    Insult,
    /// Body, sex, excrement; curses.
    Vulgar,
    /// Sends away, wishes or threatens harm, or hates.
    Hostile,
}

impl Category {
    /// All of them.
    pub const ALL: [Category; 3] = [Category::Insult, Category::Vulgar, Category::Hostile];
}

/// A word of the list in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// First byte in the text.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// As it stands on the list, normalised.
    pub entry: String,
    /// What kind of word it is.
    pub category: Category,
}

/// Where in the words of a text an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What kind of entry it is.
    pub category: Category,
    /// Number of its first word.
    pub first: usize,
    /// Number of its last word.
    pub last: usize,
    /// In a run of Chinese characters, the first of the entry.
    pub start: usize,
    /// Number of characters; 0 for whole words.
    pub length: usize,
}

/// Words, stems and phrases.
#[derive(Debug, Clone, Default)]
pub struct WordList {
    words: FxHashMap<String, Category>,
    stems: FxHashMap<String, Category>,
    /// By their first word.
    phrases: FxHashMap<String, Vec<(Vec<String>, Category)>>,
    han: FxHashMap<String, Category>,
    /// Characters of the longest stem: no need to look at longer beginnings.
    longest_stem: usize,
    /// First characters in `han`: most texts are done with these.
    han_starts: FxHashSet<char>,
}

impl WordList {
    /// One entry a line: a word, a phrase, or a stem with `*` behind it. A line `[insult]`,
    /// `[vulgar]` or `[hostile]` begins a category; entries before the first are vulgar, as lists
    /// of bad words are. Lines that begin with `#` are remarks.
    ///
    /// # Errors
    /// As [`ListError`] says. Single letters and single Chinese characters are refused.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        match Self::parse_usable(text)? {
            (list, left_out) if left_out.is_empty() => Ok(list),
            (_, mut left_out) => Err(left_out.swap_remove(0)),
        }
    }

    /// As [`WordList::parse`], without the entries that cannot be used, and why not: lists that were
    /// made for other ways of matching have some.
    ///
    /// # Errors
    /// There is no entry, or a category that is none.
    pub fn parse_usable(text: &str) -> Result<(Self, Vec<ListError>), ListError> {
        let mut list = Self::default();
        let mut left_out = Vec::new();
        let mut category = Category::Vulgar;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                category = match name {
                    "insult" => Category::Insult,
                    "vulgar" => Category::Vulgar,
                    "hostile" => Category::Hostile,
                    _ => {
                        return Err(ListError::Category {
                            line: number + 1,
                            found: name.to_owned(),
                        });
                    }
                };
                continue;
            }
            left_out.extend(list.add(number + 1, line, category).err());
        }
        match list.is_empty() && left_out.is_empty() {
            true => Err(ListError::Empty),
            false => Ok((list, left_out)),
        }
    }

    fn add(&mut self, line: usize, entry: &str, category: Category) -> Result<(), ListError> {
        let stem = entry.strip_suffix('*');
        let normalised = normalise(stem.unwrap_or(entry));
        let letters: usize = normalised.words().map(|word| word.spans.len()).sum();
        if letters == 0 {
            return Err(ListError::NoLetters {
                line,
                entry: entry.to_owned(),
            });
        }
        let is_number = |word: Word<'_>| word.text.chars().all(char::is_numeric);
        if normalised.words().all(is_number) {
            return Err(ListError::Number {
                line,
                entry: entry.to_owned(),
            });
        }
        // Every number is the same one in a normalised text, so that it tells nothing.
        let telling = normalised.words().flat_map(|word| word.text.chars());
        if telling.filter(|letter| !letter.is_numeric()).count() < 2 {
            // Pictograms are characters that do stand for themselves.
            let pictogram = normalised
                .word(0)
                .is_some_and(|word| !word.text.chars().all(char::is_alphanumeric));
            if !pictogram {
                return Err(ListError::SingleCharacter {
                    line,
                    entry: entry.to_owned(),
                });
            }
        }
        let mut words: Vec<String> = normalised
            .words()
            .map(|word| word.text.to_owned())
            .collect();
        if words.iter().any(|word| word.chars().any(is_han)) {
            let word = words.concat();
            self.han_starts.extend(word.chars().next());
            self.han.insert(word, category);
        } else if words.len() == 1 {
            if stem.is_some() {
                self.longest_stem = self.longest_stem.max(letters);
            }
            let target = if stem.is_some() {
                &mut self.stems
            } else {
                &mut self.words
            };
            target.insert(words.swap_remove(0), category);
        } else if let Some(first) = words.first().cloned() {
            self.phrases
                .entry(first)
                .or_default()
                .push((words, category));
        }
        Ok(())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.words.len()
            + self.stems.len()
            + self.han.len()
            + self.phrases.values().map(Vec::len).sum::<usize>()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All hits, in the order of the text.
    pub fn hits(&self, text: &Normalised) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.search(text, |entry, found| {
            let span = |word, character: usize| {
                text.word(word)
                    .and_then(|word: Word<'_>| word.spans.get(character).copied())
            };
            let characters = |word| text.word(word).map_or(0, |word: Word<'_>| word.spans.len());
            let last = match found.length {
                0 => characters(found.last).saturating_sub(1),
                length => found.start + length - 1,
            };
            if let (Some(start), Some(end)) =
                (span(found.first, found.start), span(found.last, last))
            {
                hits.push(Hit {
                    start: start.0,
                    end: end.1,
                    entry: entry.to_owned(),
                    category: found.category,
                });
            }
        });
        hits
    }

    /// Calls `found` with every entry that is in the text, in the order of the text.
    pub fn search(&self, text: &Normalised, mut found: impl FnMut(&str, Found)) {
        for (first, word) in text.words().enumerate() {
            if word.is_han {
                self.search_han(first, &word, &mut found);
                continue;
            }
            let at = |category, last| Found {
                category,
                first,
                last,
                start: 0,
                length: 0,
            };
            let phrase = self.phrases.get(word.text).and_then(|phrases| {
                phrases.iter().find(|(words, _)| {
                    (first..)
                        .zip(words)
                        .all(|(at, entry)| text.word(at).is_some_and(|word| word.text == *entry))
                })
            });
            if let Some((words, category)) = phrase {
                found(&words.join(" "), at(*category, first + words.len() - 1));
            } else if let Some((entry, category)) = self.word(word.text) {
                found(&entry, at(category, first));
            }
        }
    }

    /// A word by itself, as a stem's derivation, behind an Arabic particle, or stretched.
    fn word(&self, word: &str) -> Option<(String, Category)> {
        if let Some(found) = self.word_or_stem(word) {
            return Some(found);
        }
        // Arabic letters are the two-byte ones that begin with these bytes.
        if matches!(word.as_bytes().first(), Some(0xd8..=0xdb)) {
            let stripped = ARABIC_PARTICLES
                .iter()
                .filter_map(|particle| word.strip_prefix(particle))
                .filter(|rest| rest.chars().count() >= 3);
            for rest in stripped {
                if let Some(found) = self.word_or_stem(rest) {
                    return Some(found);
                }
            }
        }
        let twice = |(left, right): (char, char)| left == right;
        if word.chars().zip(word.chars().skip(1)).any(twice) {
            let mut single: Vec<char> = word.chars().collect();
            single.dedup();
            return self.word_or_stem(&single.into_iter().collect::<String>());
        }
        None
    }

    fn word_or_stem(&self, word: &str) -> Option<(String, Category)> {
        if let Some(category) = self.words.get(word) {
            return Some((word.to_owned(), *category));
        }
        if self.stems.is_empty() {
            return None;
        }
        word.char_indices()
            .map(|(at, character)| &word[..at + character.len_utf8()])
            .skip(1)
            .take(self.longest_stem)
            .find_map(|start| Some((format!("{start}*"), *self.stems.get(start)?)))
    }

    /// The longest entry at each place; entries do not overlap.
    fn search_han(&self, number: usize, word: &Word<'_>, found: &mut impl FnMut(&str, Found)) {
        let mut rest = word.text;
        let mut at = 0;
        while let Some(first) = rest.chars().next() {
            let entry = self
                .han_starts
                .contains(&first)
                .then(|| self.longest_han(rest))
                .flatten();
            if let Some((part, length, category)) = entry {
                found(
                    part,
                    Found {
                        category,
                        first: number,
                        last: number,
                        start: at,
                        length,
                    },
                );
                rest = &rest[part.len()..];
                at += length;
            } else {
                rest = &rest[first.len_utf8()..];
                at += 1;
            }
        }
    }

    /// The longest entry at the beginning of `text`, with its number of characters.
    fn longest_han<'t>(&self, text: &'t str) -> Option<(&'t str, usize, Category)> {
        (1..)
            .zip(text.char_indices())
            .skip(1)
            .take(LONGEST_HAN - 1)
            .filter_map(|(length, (at, character))| {
                let part = &text[..at + character.len_utf8()];
                Some((part, length, *self.han.get(part)?))
            })
            .last()
    }
}
