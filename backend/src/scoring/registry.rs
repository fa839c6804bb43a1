//! The scorers by name.

use std::path::{Path, PathBuf};

use protocol::language::Language;
use scoring::lexicon::LexiconScorer;
use scoring::ngram::NgramScorer;
use scoring::scorer::Scorer;

use super::perspective::PerspectiveFile;
use super::probe::ProbeScorer;

/// A scorer that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScorerChoice {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether it needs a file of the user's.
    pub needs_file: bool,
}

/// All of them; the first is the default.
pub const SCORERS: &[ScorerChoice] = &[
    ScorerChoice {
        name: "ngram",
        about: "character n-grams and words, calibrated; the default, comes with the program",
        needs_file: false,
    },
    ScorerChoice {
        name: "lexicon",
        about: "word lists, the program's own or a directory of yours (ldnoobw layout)",
        needs_file: false,
    },
    ScorerChoice {
        name: "probe",
        about: "linear probe on a model's hidden states; made by `backend scorer train probe`",
        needs_file: true,
    },
    ScorerChoice {
        name: "perspective-file",
        about: "results of Perspective API that were saved before it ended",
        needs_file: true,
    },
];

/// Opens a scorer as [`open`] does, and also those that need the data directory: the `probe`.
///
/// # Errors
/// As [`open`].
pub fn open_in(
    data_dir: &Path,
    name: &str,
    file: Option<&Path>,
) -> Result<Box<dyn Scorer>, String> {
    match name {
        "probe" => ProbeScorer::open(data_dir, file)
            .map(|scorer| Box::new(scorer) as Box<dyn Scorer>)
            .map_err(|error| error.to_string()),
        name => open(name, file),
    }
}

/// Opens a scorer; `file` is its model, directory of lists or results.
///
/// # Errors
/// What is wrong with the name or the file, as text for the user.
pub fn open(name: &str, file: Option<&Path>) -> Result<Box<dyn Scorer>, String> {
    match (name, file) {
        ("ngram", None) => NgramScorer::embedded()
            .map(|scorer| Box::new(scorer.clone()) as Box<dyn Scorer>)
            .map_err(|error| error.to_string()),
        ("ngram", Some(file)) => {
            let bytes =
                std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            NgramScorer::from_bytes(&bytes)
                .map(|scorer| Box::new(scorer) as Box<dyn Scorer>)
                .map_err(|error| format!("{}: {error}", file.display()))
        }
        ("lexicon", None) => Ok(Box::new(LexiconScorer::embedded())),
        ("lexicon", Some(directory)) => lexicon(directory),
        ("perspective-file", Some(file)) => PerspectiveFile::read(file)
            .map(|scorer| Box::new(scorer) as Box<dyn Scorer>)
            .map_err(|error| error.to_string()),
        ("probe", _) => Err(
            "`probe` runs a model: it scores on the command line (`backend score toxicity \
             --scorer probe`) and in studies, not in answers of the server"
                .to_owned(),
        ),
        ("perspective-file", None) => {
            Err("`perspective-file` needs the saved results: --scorer-file FILE".to_owned())
        }
        (other, _) => {
            let known: Vec<&str> = SCORERS.iter().map(|scorer| scorer.name).collect();
            Err(format!(
                "there is no scorer `{other}`; known are {}",
                known.join(", ")
            ))
        }
    }
}

fn lexicon(directory: &Path) -> Result<Box<dyn Scorer>, String> {
    let mut lists = Vec::new();
    for language in Language::ALL {
        let file: PathBuf = directory.join(language.code());
        if file.exists() {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            lists.push((language, text));
        }
    }
    if lists.is_empty() {
        let directory = directory.display();
        return Err(format!(
            "{directory}: no word lists here; they are called ar, de, en, …"
        ));
    }
    LexiconScorer::from_lists(&lists)
        .map(|scorer| Box::new(scorer) as Box<dyn Scorer>)
        .map_err(|(language, error)| {
            format!("{}: {error}", directory.join(language.code()).display())
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn scorers_open_by_name() {
        for choice in SCORERS {
            assert_eq!(
                open(choice.name, None).is_err(),
                choice.needs_file,
                "{}",
                choice.name
            );
        }
        let error = open("oracle", None).err().unwrap();
        assert_eq!(
            error,
            "there is no scorer `oracle`; known are ngram, lexicon, probe, perspective-file"
        );
    }

    #[test]
    fn word_lists_of_the_user_are_read() {
        let directory = tempfile::tempdir().unwrap();
        assert!(open("lexicon", Some(directory.path())).is_err());
        std::fs::write(directory.path().join("de"), "Knallkopf\n").unwrap();
        let scorer = open("lexicon", Some(directory.path())).unwrap();
        assert!(
            scorer
                .score("Du Knallkopf", Language::De)
                .unwrap()
                .probability
                > 0.5
        );
        assert!(scorer.score("x", Language::Es).is_err());
        std::fs::write(directory.path().join("zh"), "坏\n").unwrap();
        let error = open("lexicon", Some(directory.path())).err().unwrap();
        assert!(
            error.contains("line 1: `坏` is a single character"),
            "{error}"
        );
    }
}
