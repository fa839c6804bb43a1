//! What is remarkable about a set of pairs: nothing of it stops a load, all of it is told.

use std::collections::HashMap;
use std::path::PathBuf;

use protocol::language::Language;
use scoring::flags::{DriftKind, detect};
use serde::Serialize;

use super::multiparadetox::{LanguagePairs, Pair, Split};
use super::near::{Likeness, NearIndex};

/// Something remarkable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What it is: `duplicate`, `identical pair`, `wrong script`, `control character`,
    /// `bidi character`, `in train and test`, `near in train and test`.
    pub kind: &'static str,
    /// Part of the split.
    pub split: Split,
    /// The file; none for the embedded sample.
    pub file: Option<PathBuf>,
    /// Line in it, from 1.
    pub line: u64,
    /// Side, or the other place.
    pub detail: String,
}

impl Finding {
    /// Where it is: file and line, the file by its whole path or by its name.
    pub fn place(&self, whole_path: bool) -> String {
        let line = self.line;
        match &self.file {
            None => format!("sample, {} pair {line}", self.split),
            Some(file) => match file.file_name() {
                Some(name) if !whole_path => format!("{}:{line}", name.to_string_lossy()),
                _ => format!("{}:{line}", file.display()),
            },
        }
    }
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
            let mut found = |kind, side, line, detail: String| {
                findings.push(Finding {
                    kind,
                    split,
                    file: pairs.file(split, side),
                    line,
                    detail,
                });
            };
            if pair.toxic == pair.neutral {
                let detail = "both sides are the same".to_owned();
                found("identical pair", "toxic", pair.line, detail);
            }
            for (side, text, line) in pair.sides() {
                if let Some(first) = seen.insert((side, text), line) {
                    found("duplicate", side, line, format!("{side}: as line {first}"));
                }
                if let Some((kind, character)) = remarkable_character(text) {
                    let detail = format!("{side}: U+{:04X}", u32::from(character));
                    found(kind, side, line, detail);
                }
                if let Some(code) = wrong_script(text, pairs.language) {
                    found("wrong script", side, line, format!("{side}: {code}"));
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

/// Texts of the test part, of either side, that the training part has too.
fn overlap(pairs: &LanguagePairs) -> Vec<Finding> {
    let mut train = NearIndex::default();
    train.add_pairs(&pairs.train);
    let trained: Vec<_> = pairs.train.iter().flat_map(Pair::sides).collect();
    pairs
        .test
        .iter()
        .flat_map(Pair::sides)
        .filter_map(|(side, text, line)| {
            let (number, likeness) = train.find(text)?;
            let (of, _, train_line) = trained.get(number)?;
            Some(Finding {
                kind: match likeness {
                    Likeness::Exact => "in train and test",
                    Likeness::Near => "near in train and test",
                },
                split: Split::Test,
                file: pairs.file(Split::Test, side),
                line,
                detail: format!("{side}: as {of} train line {train_line}"),
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
    use super::super::multiparadetox::Origin;
    use super::*;

    fn pair(toxic: &str, neutral: &str, line: u64) -> Pair {
        Pair {
            toxic: toxic.to_owned(),
            neutral: neutral.to_owned(),
            line,
            neutral_line: line + 1,
        }
    }

    #[test]
    fn everything_remarkable_is_told() {
        let report = check_pairs(&LanguagePairs {
            language: Language::Ru,
            origin: Origin::Columns("data".into()),
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
        let found: Vec<(&str, String)> = report
            .findings
            .iter()
            .map(|finding| (finding.kind, finding.place(false)))
            .collect();
        let expected = [
            ("bidi character", "ru_train_toxic.csv:5"),
            ("control character", "ru_train_neutral.csv:6"),
            ("duplicate", "ru_train_toxic.csv:3"),
            ("identical pair", "ru_train_toxic.csv:2"),
            ("in train and test", "ru_test_toxic.csv:1"),
            ("near in train and test", "ru_test_toxic.csv:2"),
            ("wrong script", "ru_train_toxic.csv:4"),
        ]
        .map(|(kind, place)| (kind, place.to_owned()));
        assert_eq!(found, expected);
        assert!(report.findings[0].place(true).starts_with("data"));
        assert_eq!((report.train, report.test), (5, 2));
    }
}
