//! The scorers by name.

use std::path::Path;

use protocol::language::Language;
use scoring::lexicon::{LexiconScorer, ListError};
use scoring::ngram::NgramScorer;
use scoring::scorer::Scorer;

use super::perspective::PerspectiveFile;
use super::probe::ProbeScorer;
use crate::data::{DataError, Format, read};

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

/// As [`open_in`], ready to score: what it runs on is read.
///
/// # Errors
/// As [`open`], and what is wrong with what it runs on.
pub fn open_ready(
    data_dir: &Path,
    name: &str,
    file: Option<&Path>,
) -> Result<Box<dyn Scorer>, String> {
    let scorer = open_in(data_dir, name, file)?;
    scorer.ready().map_err(|error| error.to_string())?;
    Ok(scorer)
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

/// Lists that were made for other ways of matching have entries that cannot be used; those are
/// left out, and so is a list of which nothing can be read: the others are none the worse for it.
fn lexicon(directory: &Path) -> Result<Box<dyn Scorer>, String> {
    let mut lists = Vec::new();
    let mut unreadable = Vec::new();
    for language in Language::ALL {
        let file = directory.join(language.code());
        if file.exists() {
            match list_text(&file) {
                Ok(text) => lists.push((language, text)),
                Err(error) => unreadable.push(error.to_string()),
            }
        }
    }
    let (scorer, left_out) = LexiconScorer::from_usable(&lists);
    let told = left_out
        .chunk_by(|left, right| left.0 == right.0)
        .filter_map(|of_list| {
            let (language, first) = of_list.first()?;
            let file = directory.join(language.code());
            Some(left_out_of(&file, of_list.len(), first))
        });
    let told: Vec<String> = unreadable.into_iter().chain(told).collect();
    if scorer.identity().languages.is_empty() {
        return Err(match told.is_empty() {
            true => format!(
                "{}: no word lists here; they are called ar, de, en, …",
                directory.display()
            ),
            false => told.join("\n"),
        });
    }
    for line in told {
        tracing::warn!("{line}");
    }
    Ok(Box::new(scorer))
}

fn left_out_of(file: &Path, count: usize, first: &ListError) -> String {
    let file = file.display();
    match (first, count) {
        (ListError::Category { .. } | ListError::Empty, _) => {
            format!("{file}: the list is left out: {first}")
        }
        (_, 1) => format!("{file}: 1 entry is left out: {first}"),
        _ => format!("{file}: {count} entries are left out; the first: {first}"),
    }
}

/// Through the reader of all texts, which names what is no text by its place.
fn list_text(file: &Path) -> Result<String, DataError> {
    let mut text = String::new();
    let problems = read(file, Format::Lines, &mut |row| {
        text.push_str(row.get("text").unwrap_or_default());
        text.push('\n');
        Ok(())
    })?;
    problems.check()?;
    Ok(text)
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

        // What cannot be used is left out, and the rest is.
        let error = |name: &str, list: &[u8]| {
            let alone = tempfile::tempdir().unwrap();
            std::fs::write(alone.path().join(name), list).unwrap();
            open("lexicon", Some(alone.path())).err().unwrap()
        };
        assert!(
            error("zh", "13.\n坏\n".as_bytes())
                .contains("2 entries are left out; the first: line 1")
        );
        assert!(error("zh", b"ab\nsch\xf6n\n").contains("zh:2:4: not UTF-8"));
        assert!(error("ru", b"[rude]\nab\n").contains("`rude` is no category"));
        for (name, list) in [
            ("zh", "13.\n坏\n笨蛋\n".as_bytes()),
            ("hi", b"sch\xf6n"),
            ("ru", b"[rude]\nab"),
        ] {
            std::fs::write(directory.path().join(name), list).unwrap();
        }
        let scorer = open("lexicon", Some(directory.path())).unwrap();
        assert_eq!(scorer.identity().languages, [Language::De, Language::Zh]);
        let score = scorer.score("你这个笨蛋", Language::Zh).unwrap();
        assert!(score.probability > 0.5);
    }
}
