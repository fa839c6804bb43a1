//! What is remarkable about labelled texts, sentences and word lists: nothing of it stops a load, all
//! of it is told with file and line. In bounded memory: of a text its hash is kept.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use protocol::language::Language;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::check::{remarkable_character, wrong_script};
use super::error::DataError;
use super::labelled::{LabelledFile, LabelledText};
use super::multiparadetox::{LanguagePairs, Pair};
use super::near::{Likeness, NearIndex};

/// Findings that are kept of a file; all are counted.
const LISTED: usize = 1_000;

/// Something remarkable about a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextFinding {
    /// What it is: `empty row`, `duplicate`, `identical pair`, `wrong script`, `control character`, `bidi character`,
    /// `in the test part`, `near the test part`.
    pub kind: &'static str,
    /// Its file.
    pub file: PathBuf,
    /// Its line.
    pub line: u64,
    /// The other place, or what was found.
    pub detail: String,
}

/// Counts and findings of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextReport {
    /// The file.
    pub file: PathBuf,
    /// Language of its texts.
    pub language: Language,
    /// Toxic texts.
    pub toxic: usize,
    /// Clean texts.
    pub clean: usize,
    /// How many findings there are of each kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// The first of them.
    pub findings: Vec<TextFinding>,
}

/// Where a text was seen first.
#[derive(Debug, Clone, Copy)]
struct Seen {
    file: usize,
    line: u64,
    toxic: bool,
}

/// Looks at the files of a data set, one after the other.
#[derive(Debug, Default)]
pub struct Examiner {
    files: Vec<PathBuf>,
    seen: HashMap<(Language, [u8; 16]), Seen>,
    tests: HashMap<Language, TestPart>,
}

/// The test part of the pairs, in which no text of a training set should be.
#[derive(Debug, Default)]
struct TestPart {
    texts: NearIndex,
    /// For each of them its side and line.
    places: Vec<(&'static str, u64)>,
}

impl Examiner {
    /// Also looks whether texts are in the test part of these pairs.
    pub fn new(pairs: &[LanguagePairs]) -> Self {
        let mut tests: HashMap<Language, TestPart> = HashMap::new();
        for pairs in pairs {
            let part = tests.entry(pairs.language).or_default();
            part.texts.add_pairs(&pairs.test);
            let sides = pairs.test.iter().flat_map(Pair::sides);
            part.places
                .extend(sides.map(|(side, _, line)| (side, line)));
        }
        Self {
            tests,
            ..Self::default()
        }
    }

    /// Looks at a file.
    ///
    /// # Errors
    /// As [`LabelledFile::stream`].
    pub fn file(&mut self, file: &LabelledFile) -> Result<TextReport, DataError> {
        let mut report = TextReport {
            file: file.path.clone(),
            language: file.language,
            toxic: 0,
            clean: 0,
            counts: BTreeMap::new(),
            findings: Vec::new(),
        };
        self.files.push(file.path.clone());
        file.rows(&mut |line, texts| {
            if texts.is_empty() {
                report.found("empty row", line, || "there is no text in it".to_owned());
            }
            for text in texts {
                match text.toxic {
                    true => report.toxic += 1,
                    false => report.clean += 1,
                }
                self.text(&text, &mut report);
            }
        })?;
        Ok(report)
    }

    fn text(&mut self, text: &LabelledText, report: &mut TextReport) {
        let language = report.language;
        let mut hash = [0; 16];
        hash.copy_from_slice(&Sha256::digest(&text.text)[..16]);
        let here = Seen {
            file: self.files.len().saturating_sub(1),
            line: text.line,
            toxic: text.toxic,
        };
        let first = *self.seen.entry((language, hash)).or_insert(here);
        if (first.file, first.line) != (here.file, here.line) {
            report.found("duplicate", text.line, || {
                let file = self.files.get(first.file);
                let file = file.map_or_else(String::new, |file| file.display().to_string());
                let label = match first.toxic == here.toxic {
                    true => "",
                    false => ", which has the other label",
                };
                format!("as {file}:{}{label}", first.line)
            });
        } else if first.toxic != here.toxic {
            report.found("identical pair", text.line, || {
                "both sides are the same".to_owned()
            });
        }
        if let Some((kind, character)) = remarkable_character(&text.text) {
            report.found(kind, text.line, || {
                format!("U+{:04X}", u32::from(character))
            });
        }
        if let Some(code) = wrong_script(&text.text, language) {
            report.found("wrong script", text.line, || code);
        }
        if let Some(part) = self.tests.get(&language)
            && let Some((number, likeness)) = part.texts.find(&text.text)
        {
            let kind = match likeness {
                Likeness::Exact => "in the test part",
                Likeness::Near => "near the test part",
            };
            report.found(kind, text.line, || match part.places.get(number) {
                Some((side, line)) => format!("multiparadetox, {side} side, test line {line}"),
                None => "multiparadetox".to_owned(),
            });
        }
    }
}

impl TextReport {
    fn found(&mut self, kind: &'static str, line: u64, detail: impl FnOnce() -> String) {
        *self.counts.entry(kind).or_default() += 1;
        if self.findings.len() < LISTED {
            self.findings.push(TextFinding {
                kind,
                file: self.file.clone(),
                line,
                detail: detail(),
            });
        }
    }

    /// Findings of all kinds.
    pub fn count(&self) -> usize {
        self.counts.values().sum()
    }
}

/// Directories in which the pairs may lie, for a set that lies at `place`.
pub fn around(place: &Path) -> impl Iterator<Item = &Path> {
    place.ancestors().skip(1).take(2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::data::DataSet;
    use crate::data::multiparadetox::Origin;

    #[test]
    fn everything_remarkable_is_told_with_its_file_and_line() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, rows: &str| {
            let content = format!("split,topic,label,TEXT\n{rows}");
            std::fs::write(directory.path().join(name), content).unwrap();
        };
        write(
            "train.csv",
            "a,b,1,你这个笨蛋走开\na,b,0,今天天气很好\na,b,0, \n",
        );
        write(
            "dev.csv",
            "a,b,0,你这个笨蛋走开\na,b,0,plain latin text\na,b,0,好\u{202e}的\n",
        );
        write("test.csv", "a,b,1,我们明天一起去公园玩吧朋友\n");
        let pairs = LanguagePairs {
            language: Language::Zh,
            origin: Origin::Embedded,
            train: Vec::new(),
            test: vec![Pair {
                toxic: "没有".to_owned(),
                neutral: "我们明天一起去公园玩吧，朋友！".to_owned(),
                line: 9,
                neutral_line: 9,
            }],
        };
        let mut examiner = Examiner::new(&[pairs]);
        let set = DataSet::find("cold_zh").unwrap();
        let reports: Vec<TextReport> = set
            .labelled_files(directory.path())
            .iter()
            .map(|file| examiner.file(file).unwrap())
            .collect();
        let found: Vec<(String, u64, &str, &str)> = reports
            .iter()
            .flat_map(|report| &report.findings)
            .map(|finding| {
                let name = finding.file.file_name().unwrap().to_string_lossy();
                (
                    name.into_owned(),
                    finding.line,
                    finding.kind,
                    finding.detail.as_str(),
                )
            })
            .collect();
        let first = format!(
            "as {}:2, which has the other label",
            directory.path().join("train.csv").display()
        );
        let expected = [
            ("train.csv", 4, "empty row", "there is no text in it"),
            ("dev.csv", 2, "duplicate", first.as_str()),
            ("dev.csv", 3, "wrong script", "eng"),
            ("dev.csv", 4, "bidi character", "U+202E"),
            (
                "test.csv",
                2,
                "in the test part",
                "multiparadetox, neutral side, test line 9",
            ),
        ];
        let expected =
            expected.map(|(name, line, kind, detail)| (name.to_owned(), line, kind, detail));
        assert_eq!(found, expected);
        assert_eq!((reports[0].toxic, reports[0].clean), (1, 1));
        assert_eq!(reports[1].count(), 3);
    }
}
