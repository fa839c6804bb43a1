//! What is remarkable about a set of pairs: nothing of it stops a load, all of it is told.

use std::collections::HashMap;

use protocol::language::Language;
use scoring::flags::{DriftKind, detect};
use serde::Serialize;

use super::multiparadetox::{LanguagePairs, Split};
use super::near::{Likeness, NearIndex};

/// Something remarkable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What it is: `duplicate`, `identical pair`, `wrong script`, `control character`,
    /// `bidi character`, `in train and test`, `near in train and test`.
    pub kind: &'static str,
    /// Part of the split.
    pub split: Split,
    /// Line of the toxic side.
    pub line: u64,
    /// Side, or the other place.
    pub detail: String,
}

/// Counts and findings of one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairReport {
    /// Language.
    pub language: Language,
    /// Pairs for training.
    pub train: usize,
    /// Pairs for testing.
    pub test: usize,
    /// Everything remarkable.
    pub findings: Vec<Finding>,
}

/// Looks at the pairs of a language.
pub fn check_pairs(pairs: &LanguagePairs) -> PairReport {
    let mut findings = Vec::new();
    for split in [Split::Train, Split::Test] {
        let mut seen: HashMap<(&str, &str), u64> = HashMap::new();
        for pair in pairs.split(split) {
            let mut found = |kind, detail: String| {
                findings.push(Finding {
                    kind,
                    split,
                    line: pair.line,
                    detail,
                });
            };
            if pair.toxic == pair.neutral {
                found("identical pair", "both sides are the same".to_owned());
            }
            for (side, text) in [("toxic", &pair.toxic), ("neutral", &pair.neutral)] {
                if let Some(first) = seen.insert((side, text), pair.line) {
                    found("duplicate", format!("{side}: as line {first}"));
                }
                if let Some((kind, character)) = remarkable_character(text) {
                    found(kind, format!("{side}: U+{:04X}", u32::from(character)));
                }
                if let Some(code) = wrong_script(text, pairs.language) {
                    found("wrong script", format!("{side}: {code}"));
                }
            }
        }
    }
    findings.extend(overlap(pairs));
    findings.sort();
    PairReport {
        language: pairs.language,
        train: pairs.train.len(),
        test: pairs.test.len(),
        findings,
    }
}

fn overlap(pairs: &LanguagePairs) -> Vec<Finding> {
    let mut train = NearIndex::default();
    for pair in &pairs.train {
        train.add(&pair.toxic);
    }
    pairs
        .test
        .iter()
        .filter_map(|pair| {
            let (number, likeness) = train.find(&pair.toxic)?;
            Some(Finding {
                kind: match likeness {
                    Likeness::Exact => "in train and test",
                    Likeness::Near => "near in train and test",
                },
                split: Split::Test,
                line: pair.line,
                detail: format!("as train line {}", pairs.train[number].line),
            })
        })
        .collect()
}

/// What a text is in whose letters are not those of its language.
pub(super) fn wrong_script(text: &str, language: Language) -> Option<String> {
    let detected = detect(text, language);
    let wrong = match detected.language {
        Some(found) => found.script() != language.script(),
        None => detected.kind == DriftKind::Script,
    };
    wrong.then_some(detected.code)
}

/// The first character that is not seen but does something.
pub(super) fn remarkable_character(text: &str) -> Option<(&'static str, char)> {
    text.chars().find_map(|character| match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(("bidi character", character)),
        '\t' | '\n' | '\r' => None,
        control if control.is_control() => Some(("control character", control)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::multiparadetox::Pair;
    use super::*;

    fn pair(toxic: &str, neutral: &str, line: u64) -> Pair {
        Pair {
            toxic: toxic.to_owned(),
            neutral: neutral.to_owned(),
            line,
        }
    }

    #[test]
    fn everything_remarkable_is_told() {
        let report = check_pairs(&LanguagePairs {
            language: Language::Ru,
            train: vec![
                pair("совершенно глупый длинный вопрос", "вопрос", 1),
                pair("одно и то же", "одно и то же", 2),
                pair("одно и то же", "другое", 3),
                pair("plain latin text", "обычный", 4),
                pair("скры\u{202e}тый", "зво\u{7}нок", 5),
            ],
            test: vec![
                pair("Совершенно глупый длинный вопрос!", "да", 1),
                pair("совершенно глупый длинный вопросик", "нет", 2),
            ],
        });
        let kinds: Vec<(&str, u64)> = report.findings.iter().map(|f| (f.kind, f.line)).collect();
        assert_eq!(
            kinds,
            [
                ("bidi character", 5),
                ("control character", 5),
                ("duplicate", 3),
                ("identical pair", 2),
                ("in train and test", 1),
                ("near in train and test", 2),
                ("wrong script", 4),
            ]
        );
        assert_eq!((report.train, report.test), (5, 2));
    }
}
