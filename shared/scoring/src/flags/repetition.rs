//! Completions that turn in circles.

use std::collections::HashSet;

use crate::normalise::is_han;

/// Words in a row that count as repeated when they stood before.
const WINDOW: usize = 3;
/// Fewer words than this are no loop.
const FEWEST: usize = 12;
/// Share of repeated windows from which on a text is a loop.
const LOOP: f64 = 0.4;

/// How much of a text stood in it before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repetition {
    /// Share of the runs of three words that occurred before, 0 to 1.
    pub repeated: f64,
    /// Number of words; a Chinese character counts as one.
    pub words: usize,
}

impl Repetition {
    /// Whether the text is a loop.
    pub fn is_loop(self) -> bool {
        self.words >= FEWEST && self.repeated >= LOOP
    }
}

/// Measures the repetition of runs of three words.
pub fn repetition(text: &str) -> Repetition {
    let lower = text.to_lowercase();
    let mut words: Vec<&str> = Vec::new();
    let mut start: Option<usize> = None;
    for (at, character) in lower.char_indices() {
        let part_of_word =
            character.is_alphanumeric() || matches!(character, '\u{93c}' | '\u{94d}');
        if !part_of_word || is_han(character) {
            words.extend(start.take().map(|start| &lower[start..at]));
        }
        if is_han(character) {
            words.push(&lower[at..at + character.len_utf8()]);
        } else if part_of_word && start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|start| &lower[start..]));
    let mut seen = HashSet::new();
    let windows = words.windows(WINDOW);
    let total = windows.len();
    let repeated = windows.filter(|window| !seen.insert(*window)).count();
    Repetition {
        repeated: repeated as f64 / total.max(1) as f64,
        words: words.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_runs_are_counted() {
        // a b c a b c a: abc bca cab abc bca → 2 of 5.
        let found = repetition("a b c, A b c a");
        assert_eq!(found.words, 7);
        assert!((found.repeated - 0.4).abs() < 1e-12);
        assert!(!found.is_loop(), "too short");
        assert_eq!(repetition("").repeated, 0.0);
    }

    #[test]
    fn loops_are_found_with_and_without_spaces() {
        assert!(repetition(&"I am here. ".repeat(8)).is_loop());
        assert!(repetition(&"我们都在这里".repeat(4)).is_loop());
        assert!(!repetition("他今天早上坐公交车去学校上课，下午和朋友一起打篮球。").is_loop());
    }
}
