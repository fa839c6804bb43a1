//! Old results of Perspective API, so that runs published with it stay comparable: the scores are
//! looked up, never computed.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use protocol::language::Language;
use scoring::scorer::{Score, ScoreError, Scorer, ScorerIdentity};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::data::{DataError, Format, read};

/// Why saved results cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PerspectiveError {
    /// The file cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A line without text or score.
    #[error("{}:{line}: {reason}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is missing.
        reason: String,
    },
}

/// The scorer `perspective-file`.
#[derive(Debug, Clone)]
pub struct PerspectiveFile {
    identity: ScorerIdentity,
    scores: HashMap<(Language, String), f64>,
}

impl PerspectiveFile {
    /// Reads JSON lines with the text (`text` or `comment.text`), its language (`language` or the
    /// first of `languages`), and either the API's answer
    /// (`attributeScores.TOXICITY.summaryScore.value`) or a plain `toxicity`, `TOXICITY` or `score`.
    ///
    /// # Errors
    /// The first line that lacks one of them.
    pub fn read(file: &Path) -> Result<Self, PerspectiveError> {
        let mut scores = HashMap::new();
        let mut hash = Sha256::new();
        let mut languages = BTreeSet::new();
        let mut problem: Option<(u64, String)> = None;
        let bad = read(file, Format::Lines, &mut |row| {
            let line = row.get("text").unwrap_or_default();
            if line.trim().is_empty() || problem.is_some() {
                return Ok(());
            }
            hash.update(line);
            match result(line) {
                Ok((language, text, score)) => {
                    languages.insert(language);
                    scores.insert((language, text), score);
                }
                Err(reason) => problem = Some((row.line, reason)),
            }
            Ok(())
        })?;
        bad.check()?;
        if let Some((line, reason)) = problem {
            return Err(PerspectiveError::Line {
                file: file.to_owned(),
                line,
                reason,
            });
        }
        if scores.is_empty() {
            return Err(DataError::Empty(file.to_owned()).into());
        }
        Ok(Self {
            identity: ScorerIdentity {
                name: "perspective-file".to_owned(),
                version: "v1alpha1".to_owned(),
                hash: hash.finalize()[..6]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
                languages: languages.into_iter().collect(),
            },
            scores,
        })
    }
}

fn result(line: &str) -> Result<(Language, String, f64), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let text = [value.get("text"), value.pointer("/comment/text")]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
        .ok_or("no `text`")?;
    let language = [value.get("language"), value.pointer("/languages/0")]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
        .ok_or(
            "no `language`: Perspective scored unknown languages as English, so none is assumed",
        )?;
    let language: Language = language
        .parse()
        .map_err(|error: protocol::language::UnknownLanguage| error.to_string())?;
    let score = [
        "/attributeScores/TOXICITY/summaryScore/value",
        "/toxicity",
        "/TOXICITY",
        "/score",
    ]
    .into_iter()
    .find_map(|path| value.pointer(path)?.as_f64())
    .ok_or("no score under `attributeScores.TOXICITY.summaryScore.value` or `toxicity`")?;
    if !(0.0..=1.0).contains(&score) {
        return Err(format!("the score {score} is not between 0 and 1"));
    }
    Ok((language, text.to_owned(), score))
}

impl Scorer for PerspectiveFile {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError> {
        if !self.identity.languages.contains(&language) {
            return Err(ScoreError::Language {
                scorer: self.identity.name.clone(),
                language,
                supported: self.identity.languages.clone(),
            });
        }
        let probability = self
            .scores
            .get(&(language, text.to_owned()))
            .ok_or_else(|| ScoreError::Unknown {
                scorer: self.identity.name.clone(),
            })?;
        Ok(Score {
            probability: *probability,
            reasons: Vec::new(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn read_lines(content: &str) -> Result<PerspectiveFile, PerspectiveError> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("scores.jsonl");
        std::fs::write(&file, content).unwrap();
        PerspectiveFile::read(&file)
    }

    #[test]
    fn results_are_looked_up() {
        let scorer = read_lines(
            "{\"comment\": {\"text\": \"a\"}, \"languages\": [\"de\"], \"attributeScores\": \
             {\"TOXICITY\": {\"summaryScore\": {\"value\": 0.75}}}}\n\
             {\"text\": \"b\", \"language\": \"en\", \"toxicity\": 0.25}\n",
        )
        .unwrap();
        assert_eq!(scorer.score("a", Language::De).unwrap().probability, 0.75);
        assert_eq!(scorer.score("b", Language::En).unwrap().probability, 0.25);
        assert!(matches!(
            scorer.score("c", Language::En),
            Err(ScoreError::Unknown { .. })
        ));
        assert!(matches!(
            scorer.score("a", Language::Ru),
            Err(ScoreError::Language { .. })
        ));
    }

    #[test]
    fn what_is_missing_is_named_with_its_line() {
        for (content, said) in [
            ("{\"text\": \"a\", \"toxicity\": 0.5}", ":1: no `language`"),
            (
                "\n{\"text\": \"a\", \"language\": \"am\", \"toxicity\": 0.5}",
                ":2: language `am`",
            ),
            ("{\"text\": \"a\", \"language\": \"de\"}", ":1: no score"),
            (
                "{\"text\": \"a\", \"language\": \"de\", \"score\": 75}",
                "not between 0 and 1",
            ),
            ("", "no text"),
        ] {
            let error = read_lines(content).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
