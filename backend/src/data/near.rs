//! Texts that are the same but for a little: shared runs of five letters, or three Chinese ones.

use std::collections::{HashMap, HashSet};

use scoring::normalise::{is_han, normalise};

use super::multiparadetox::Pair;

/// Letters in a run.
const RUN: usize = 5;
/// Letters in a run that begins with a Chinese one, which says as much as several others: a few
/// changed ones in a post would leave hardly a run of five.
const HAN_RUN: usize = 3;
/// Share of the runs of both texts together that must be common.
const ALIKE: f64 = 0.5;
/// Or: share of the shorter text's runs that must be in the longer one.
const CONTAINED: f64 = 0.8;
/// Shorter texts than this many runs may well be contained in others by chance.
const FEWEST_RUNS: usize = 8;

/// Texts to compare others with.
#[derive(Debug, Default)]
pub struct NearIndex {
    sizes: Vec<usize>,
    exact: HashMap<String, usize>,
    runs: HashMap<u64, Vec<u32>>,
}

/// How alike two texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The same letters.
    Exact,
    /// Nearly the same.
    Near,
}

impl NearIndex {
    /// Adds a text; its number is that of the call, from 0.
    pub fn add(&mut self, text: &str) {
        let letters = letters(text);
        let number = self.sizes.len();
        let runs = runs(&letters);
        for run in &runs {
            self.runs.entry(*run).or_default().push(number as u32);
        }
        self.sizes.push(runs.len());
        self.exact
            .entry(letters.into_iter().collect())
            .or_insert(number);
    }

    /// Adds both sides of pairs, in the order of [`Pair::sides`].
    pub fn add_pairs(&mut self, pairs: &[Pair]) {
        for (_, text, _) in pairs.iter().flat_map(Pair::sides) {
            self.add(text);
        }
    }

    /// Whether a side of this pair is like a text here.
    pub fn has_side_of(&self, pair: &Pair) -> bool {
        let mut sides = pair.sides().into_iter();
        sides.any(|(_, text, _)| self.find(text).is_some())
    }

    /// The first text that is like this one, if any.
    pub fn find(&self, text: &str) -> Option<(usize, Likeness)> {
        let letters = letters(text);
        if let Some(number) = self.exact.get(&letters.iter().collect::<String>()) {
            return Some((*number, Likeness::Exact));
        }
        let runs = runs(&letters);
        let mut common: HashMap<u32, usize> = HashMap::new();
        for run in &runs {
            for number in self.runs.get(run).into_iter().flatten() {
                *common.entry(*number).or_default() += 1;
            }
        }
        common
            .into_iter()
            .filter(|(number, count)| {
                let size = self.sizes[*number as usize];
                let (count, shorter) = (*count as f64, size.min(runs.len()));
                let both = (size + runs.len()) as f64 - count;
                count / both >= ALIKE
                    || (shorter >= FEWEST_RUNS && count / shorter as f64 >= CONTAINED)
            })
            .map(|(number, _)| (number as usize, Likeness::Near))
            .min_by_key(|(number, _)| *number)
    }
}

fn letters(text: &str) -> Vec<char> {
    normalise(text)
        .words()
        .flat_map(|word| word.text.chars())
        .collect()
}

/// FNV-1a of each run; a text shorter than every run is one.
fn runs(letters: &[char]) -> HashSet<u64> {
    let hash = |run: &[char]| {
        run.iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, character| {
                (hash ^ u64::from(u32::from(*character))).wrapping_mul(0x0100_0000_01b3)
            })
    };
    let found: HashSet<u64> = (0..letters.len())
        .filter_map(|start| {
            let length = if is_han(letters[start]) { HAN_RUN } else { RUN };
            letters.get(start..start + length).map(hash)
        })
        .collect();
    match found.is_empty() {
        true => HashSet::from([hash(letters)]),
        false => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_more_than_equal() {
        let mut index = NearIndex::default();
        index.add("The old clock on the wall no longer works.");
        index.add("Short one");
        let find = |text: &str| index.find(text);
        assert_eq!(
            find("the OLD clock on the wall, no longer works"),
            Some((0, Likeness::Exact))
        );
        assert_eq!(
            find("The old clock on the wall no longer worked!"),
            Some((0, Likeness::Near))
        );
        assert_eq!(
            find("They say that the old clock on the wall no longer works, which is a pity."),
            Some((0, Likeness::Near))
        );
        assert_eq!(find("The new clock in the hall works again."), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn chinese_sentences_are_alike_in_shorter_runs() {
        let mut index = NearIndex::default();
        index.add("昨天我们在老车站旁边等了他一个多小时，他一直没有来。");
        let find = |text: &str| index.find(text);
        assert_eq!(
            find("昨天我们在新车站旁边等了她两个多小时，他一直没有来。"),
            Some((0, Likeness::Near))
        );
        assert_eq!(find("昨天我们在图书馆看了一个下午的书。"), None);
    }
}
