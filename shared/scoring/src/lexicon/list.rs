//! A list of words, stems and phrases, and how a text is searched for them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::normalise::{Normalised, Token, is_han, normalise};

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

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Would match everywhere.
    #[error("line {line}: `{entry}` is a single character, which would match everywhere")]
    SingleCharacter {
        /// Line, from 1.
        line: usize,
        /// The entry.
        entry: String,
    },
    /// Not one of the three.
    #[error("line {line}: `{found}` is no category; known are insult, vulgar, hostile")]
    Category {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// There is no entry.
    #[error("the list is empty")]
    Empty,
}

/// Words, stems and phrases.
#[derive(Debug, Clone, Default)]
pub struct WordList {
    words: HashMap<String, Category>,
    stems: HashMap<String, Category>,
    /// By their first word.
    phrases: HashMap<String, Vec<(Vec<String>, Category)>>,
    han: HashMap<String, Category>,
    /// First characters in `han`: most texts are done with these.
    han_starts: HashSet<char>,
}

impl WordList {
    /// One entry a line: a word, a phrase, or a stem with `*` behind it. A line `[insult]`,
    /// `[vulgar]` or `[hostile]` begins a category; entries before the first are vulgar, as lists
    /// of bad words are. Lines that begin with `#` are remarks.
    ///
    /// # Errors
    /// As [`ListError`] says. Single letters and single Chinese characters are refused.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let mut list = Self::default();
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
            list.add(number + 1, line, category)?;
        }
        match list.len() {
            0 => Err(ListError::Empty),
            _ => Ok(list),
        }
    }

    fn add(&mut self, line: usize, entry: &str, category: Category) -> Result<(), ListError> {
        let stem = entry.strip_suffix('*');
        let tokens = normalise(stem.unwrap_or(entry)).tokens;
        let letters: usize = tokens.iter().map(|token| token.spans.len()).sum();
        if letters < 2 {
            // Pictograms are characters that do stand for themselves.
            let pictogram = tokens
                .first()
                .is_some_and(|token| !token.text.chars().all(char::is_alphanumeric));
            if !pictogram {
                return Err(ListError::SingleCharacter {
                    line,
                    entry: entry.to_owned(),
                });
            }
        }
        let mut words: Vec<String> = tokens.into_iter().map(|token| token.text).collect();
        if words.iter().any(|word| word.chars().any(is_han)) {
            let word = words.concat();
            self.han_starts.extend(word.chars().next());
            self.han.insert(word, category);
        } else if words.len() == 1 {
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

    /// How many hits each category has.
    pub fn count(&self, text: &Normalised) -> [(Category, usize); Category::ALL.len()] {
        let mut counts = Category::ALL.map(|category| (category, 0));
        self.search(text, |_, category, _, _| counts[category as usize].1 += 1);
        counts
    }

    /// All hits, in the order of the text.
    pub fn hits(&self, text: &Normalised) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.search(text, |entry, category, start, end| {
            hits.push(Hit {
                start,
                end,
                entry: entry.to_owned(),
                category,
            });
        });
        hits
    }

    /// Calls `found` with entry, category and the bytes of the original.
    fn search(&self, text: &Normalised, mut found: impl FnMut(&str, Category, usize, usize)) {
        for (at, token) in text.tokens.iter().enumerate() {
            if token.is_han() {
                self.search_han(token, &mut found);
                continue;
            }
            let phrase = self.phrases.get(&token.text).and_then(|phrases| {
                phrases.iter().find(|(words, _)| {
                    text.tokens.len() >= at + words.len()
                        && text.tokens[at..]
                            .iter()
                            .zip(words)
                            .all(|(t, w)| t.text == *w)
                })
            });
            if let Some((words, category)) = phrase {
                let last = &text.tokens[at + words.len() - 1];
                found(&words.join(" "), *category, start(token), end(last));
            } else if let Some((entry, category)) = self.word(&token.text) {
                found(&entry, category, start(token), end(token));
            }
        }
    }

    /// A word by itself, as a stem's derivation, behind an Arabic particle, or stretched.
    fn word(&self, word: &str) -> Option<(String, Category)> {
        if let Some(found) = self.word_or_stem(word) {
            return Some(found);
        }
        if word.starts_with(|first| ('\u{600}'..='\u{6ff}').contains(&first)) {
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
        let mut single: Vec<char> = word.chars().collect();
        let before = single.len();
        single.dedup();
        if single.len() < before {
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
            .find_map(|start| Some((format!("{start}*"), *self.stems.get(start)?)))
    }

    /// The longest entry at each place; entries do not overlap.
    fn search_han(&self, token: &Token, found: &mut impl FnMut(&str, Category, usize, usize)) {
        let offsets: Vec<usize> = token.text.char_indices().map(|(at, _)| at).collect();
        let characters = offsets.len();
        let mut at = 0;
        while at < characters {
            let rest = &token.text[offsets[at]..];
            let known = rest
                .chars()
                .next()
                .is_some_and(|first| self.han_starts.contains(&first));
            let longest = if known {
                LONGEST_HAN.min(characters - at)
            } else {
                0
            };
            let entry = (2..=longest).rev().find_map(|length| {
                let behind = offsets
                    .get(at + length)
                    .copied()
                    .unwrap_or(token.text.len());
                let part = &token.text[offsets[at]..behind];
                self.han.get(part).map(|category| (part, *category, length))
            });
            if let Some((part, category, length)) = entry {
                found(
                    part,
                    category,
                    token.spans[at].0,
                    token.spans[at + length - 1].1,
                );
                at += length;
            } else {
                at += 1;
            }
        }
    }
}

fn start(token: &Token) -> usize {
    token.spans.first().map_or(0, |span| span.0)
}

fn end(token: &Token) -> usize {
    token.spans.last().map_or(0, |span| span.1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn found<'t>(list: &str, text: &'t str) -> Vec<&'t str> {
        WordList::parse(list)
            .unwrap()
            .hits(&normalise(text))
            .iter()
            .map(|hit| &text[hit.start..hit.end])
            .collect()
    }

    #[test]
    fn words_have_borders_in_every_script() {
        assert_eq!(found("fool", "You FOOL, a foolish tomfool!"), ["FOOL"]);
        assert_eq!(
            found("fool*", "You FOOL, a foolish tomfool!"),
            ["FOOL", "foolish"]
        );
        assert_eq!(found("मूर्ख", "वह मूर्ख है, मूर्खता नहीं।"), ["मूर्ख"]);
        assert_eq!(found("笨蛋", "你这个笨蛋，走开"), ["笨蛋"]);
        assert_eq!(found("احمق", "يا أحمق! الأحمق لا يفهم"), ["أحمق", "الأحمق"]);
    }

    #[test]
    fn phrases_disguises_and_stretched_words_are_found() {
        assert_eq!(
            found("shut up", "Oh SHUT  up now, shut it up"),
            ["SHUT  up"]
        );
        assert_eq!(
            found("stupid", "st00pid? stuuuupid! s t u p i d"),
            ["stuuuupid", "s t u p i d"]
        );
        assert_eq!(found("idiot", "1d10t"), ["1d10t"]);
    }

    #[test]
    fn categories_begin_with_their_line() {
        let list = WordList::parse("a b\n[insult]\nfool\n# no\n[hostile]\nget lost").unwrap();
        let counts = list.count(&normalise("fool, get lost, fool"));
        assert_eq!(counts.map(|(_, count)| count), [2, 0, 1]);
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn entries_that_match_everywhere_are_refused() {
        let error = WordList::parse("[insult]\n笨").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: `笨` is a single character, which would match everywhere"
        );
        assert!(matches!(
            WordList::parse("x"),
            Err(ListError::SingleCharacter { .. })
        ));
        assert!(matches!(
            WordList::parse("[rude]\nab"),
            Err(ListError::Category { .. })
        ));
        assert!(matches!(WordList::parse("\n# x\n"), Err(ListError::Empty)));
    }
}
