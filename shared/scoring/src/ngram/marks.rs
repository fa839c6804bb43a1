//! The text as a row of words in which insults, curses, threats and names of groups stand for
//! their kind: "not an idiot" and "not a fool" are the same row, which a model can learn from few
//! examples. Without it "you are not an idiot" is as bad as "you are an idiot".

use super::features::{Place, whole};
use super::hash::{Hash, combine};
use crate::lexicon::{Category, Found};
use crate::normalise::Normalised;

/// Words beyond either end.
const EDGE: usize = 3;
/// Marks that are paired with one before them.
const PAIRED: usize = 4;

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Of the word list.
    Insult = 1,
    /// Of the word list.
    Vulgar,
    /// Of the word list.
    Hostile,
    /// A group of people.
    Group,
}

impl Class {
    /// That of a category.
    pub fn of(category: Category) -> Self {
        match category {
            Category::Insult => Self::Insult,
            Category::Vulgar => Self::Vulgar,
            Category::Hostile => Self::Hostile,
        }
    }

    fn hash(self, quoted: bool) -> u32 {
        let mut hash = Hash::new(3);
        hash.add(if quoted { '"' } else { ' ' });
        combine(hash.finish(), self as u32)
    }
}

/// A word of a list in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    class: Class,
    first: usize,
    last: usize,
    start: usize,
    length: usize,
    quoted: bool,
}

impl Mark {
    /// Of what was found in `text`.
    pub fn new(class: Class, found: &Found, text: &Normalised) -> Self {
        Self {
            class,
            first: found.first,
            last: found.last,
            start: found.start,
            length: found.length,
            quoted: text.word(found.first).is_some_and(|word| word.is_quoted),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Symbol {
    hash: u32,
    token: u32,
    marked: bool,
    is_run: bool,
}

const BORDER: Symbol = Symbol {
    hash: 0x1b87_3593,
    token: 0,
    marked: false,
    is_run: false,
};

/// Words, runs of Chinese characters, and marks in them.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    symbols: Vec<Symbol>,
    /// Characters of all runs; each run with its first.
    characters: Vec<char>,
    runs: Vec<(usize, usize)>,
    marks: Vec<Mark>,
    row: Vec<Symbol>,
}

impl Sequence {
    /// Forgets the text.
    pub fn clear(&mut self) {
        self.symbols.clear();
        self.characters.clear();
        self.runs.clear();
        self.marks.clear();
    }

    /// Adds a word; returns its number.
    pub fn word(&mut self, token: u32, text: &str) -> u32 {
        let mut hash = Hash::new(2);
        text.chars().for_each(|character| hash.add(character));
        let hash = hash.finish();
        self.symbols.push(Symbol {
            hash,
            token,
            marked: false,
            is_run: false,
        });
        hash
    }

    /// Adds a run of Chinese characters.
    pub fn begin_run(&mut self, token: u32, characters: &[char]) {
        self.runs.push((token as usize, self.characters.len()));
        self.characters.extend(characters);
        self.symbols.push(Symbol {
            hash: 0x7feb_352d,
            token,
            marked: false,
            is_run: true,
        });
    }

    /// Adds a mark.
    pub fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// Number of marks.
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Calls `add` with the runs of two and three words.
    pub fn words(&self, add: &mut impl FnMut(u32, Place)) {
        let words = |symbol: &Symbol| !symbol.is_run;
        for pair in self
            .symbols
            .windows(2)
            .filter(|pair| pair.iter().all(words))
        {
            add(combine(pair[0].hash, pair[1].hash), whole(pair[1].token));
        }
        for three in self
            .symbols
            .windows(3)
            .filter(|three| three.iter().all(words))
        {
            let hash = combine(combine(three[0].hash, three[1].hash), three[2].hash);
            add(hash, whole(three[2].token));
        }
    }

    /// Calls `add` with what stands around each mark.
    pub fn around_marks(&mut self, add: &mut impl FnMut(u32, Place)) {
        if self.marks.is_empty() {
            return;
        }
        // Both lists are in the order of the text; together they are to be, too.
        self.marks.sort_by_key(|mark| (mark.first, mark.start));
        self.around_words(add);
        self.around_characters(add);
        self.pairs(add);
    }

    /// In scripts with spaces: up to three words before a mark and two behind it.
    fn around_words(&mut self, add: &mut impl FnMut(u32, Place)) {
        self.row.clear();
        self.row.extend([BORDER; EDGE]);
        let mut at = 0;
        for mark in self.marks.iter().filter(|mark| mark.length == 0) {
            // A word on both lists is what the first says.
            if mark.first < at || mark.last >= self.symbols.len() {
                continue;
            }
            self.row.extend(&self.symbols[at..mark.first]);
            self.row.push(Symbol {
                hash: mark.class.hash(mark.quoted),
                token: self.symbols[mark.first].token,
                marked: true,
                is_run: false,
            });
            at = mark.last + 1;
        }
        self.row.extend(self.symbols.get(at..).unwrap_or_default());
        self.row.extend([BORDER; EDGE]);
        for around in self.row.windows(2 * EDGE + 1) {
            let mark = around[EDGE];
            if !mark.marked {
                continue;
            }
            let hash = |from: usize, to: usize| {
                around[from..=to]
                    .iter()
                    .fold(from as u32 ^ 0x2c1b_3c6d, |hash, symbol| {
                        combine(hash, symbol.hash)
                    })
            };
            let place = whole(mark.token);
            for (from, to) in [
                (3, 3),
                (2, 3),
                (1, 3),
                (0, 3),
                (3, 4),
                (3, 5),
                (2, 4),
                (1, 4),
            ] {
                add(hash(from, to), place);
            }
            for (apart, other) in [
                (1, around[1]),
                (2, around[0]),
                (3, around[5]),
                (4, around[6]),
            ] {
                add(combine(combine(mark.hash, other.hash), apart), place);
            }
        }
    }

    /// In Chinese: up to three characters before a mark and two behind it, within the run.
    fn around_characters(&self, add: &mut impl FnMut(u32, Place)) {
        for mark in self.marks.iter().filter(|mark| mark.length > 0) {
            let run = self.runs.iter().position(|(token, _)| *token == mark.first);
            let Some(run) = run else { continue };
            let from = self.runs[run].1;
            let to = self
                .runs
                .get(run + 1)
                .map_or(self.characters.len(), |next| next.1);
            let characters = &self.characters[from..to];
            let place = Place {
                token: mark.first as u32,
                start: u16::try_from(mark.start).unwrap_or(u16::MAX),
                length: u16::try_from(mark.length).unwrap_or(u16::MAX),
            };
            let class = mark.class.hash(mark.quoted);
            add(class, place);
            let (mut before, mut behind) = (class ^ 1, class ^ 2);
            let mut near = [0; 2];
            for distance in 1..=EDGE {
                let left = mark
                    .start
                    .checked_sub(distance)
                    .and_then(|at| characters.get(at));
                let right = characters.get(mark.start + mark.length + distance - 1);
                before = combine(before, left.map_or(0, |character| u32::from(*character)));
                behind = combine(behind, right.map_or(0, |character| u32::from(*character)));
                if distance == 1 {
                    near = [before, behind];
                }
                add(before, place);
                add(behind, place);
            }
            add(combine(near[0], near[1]), place);
        }
    }

    /// Marks one after the other, whatever stands between them.
    fn pairs(&self, add: &mut impl FnMut(u32, Place)) {
        for (number, mark) in self.marks.iter().enumerate() {
            for earlier in self.marks[..number].iter().rev().take(PAIRED) {
                let hash = combine(
                    earlier.class.hash(earlier.quoted),
                    mark.class.hash(mark.quoted),
                );
                add(combine(hash, 0x1656_67b1), whole(mark.first as u32));
            }
        }
    }
}
