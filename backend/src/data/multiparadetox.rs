//! Pairs of toxic sentences and their neutral twins, in the files of "Breaking mBad!":
//! `{lang}_{train|test}_{toxic|neutral}.csv`, one column without a header; or in the tables of
//! their public home, `{lang}-*.parquet`. One split for all.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use protocol::data::Split;
use protocol::language::Language;
use scoring::sample;
use serde::Serialize;

use super::error::{BadRow, BadRows, DataError, Place, Problems};
use super::format::Format;
use super::published_split::PublishedSplit;
use super::rows;

/// The headerless column.
const COLUMN: Format = Format::Delimited {
    delimiter: b',',
    quotes: true,
    header: false,
};

/// A toxic sentence and its neutral twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The toxic one.
    pub toxic: String,
    /// The neutral one.
    pub neutral: String,
    /// Line of the toxic one in its file.
    pub line: u64,
    /// Line of the neutral one in its file: another one where a sentence has line breaks.
    pub neutral_line: u64,
}

impl Pair {
    /// Both sides: name, text, line.
    pub fn sides(&self) -> [(&'static str, &str, u64); 2] {
        [
            ("toxic", &self.toxic, self.line),
            ("neutral", &self.neutral, self.neutral_line),
        ]
    }
}

/// Where pairs come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The files in this directory, one for each side and part.
    Columns(PathBuf),
    /// This table, which has all of a language.
    Table(PathBuf),
    /// The program itself; lines are numbers of pairs.
    Embedded,
}

/// The pairs of one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguagePairs {
    /// Language.
    pub language: Language,
    /// Where they come from.
    pub origin: Origin,
    /// For training.
    pub train: Vec<Pair>,
    /// For testing.
    pub test: Vec<Pair>,
}

impl LanguagePairs {
    /// The pairs of a part.
    pub fn split(&self, split: Split) -> &[Pair] {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    /// The file that has a side (`toxic`, `neutral`) of a part; none if it is embedded.
    pub fn file(&self, split: Split, side: &str) -> Option<PathBuf> {
        match &self.origin {
            Origin::Columns(directory) => Some(path(directory, self.language, split, side)),
            Origin::Table(file) => Some(file.clone()),
            Origin::Embedded => None,
        }
    }
}

/// Path of one file.
pub fn path(directory: &Path, language: Language, split: Split, side: &str) -> PathBuf {
    directory.join(format!("{language}_{split}_{side}.csv"))
}

/// Reads the pairs of `languages`; all or nothing.
///
/// # Errors
/// As [`DataError`] says; what is wrong is listed of every file.
pub fn load(directory: &Path, languages: &[Language]) -> Result<Vec<LanguagePairs>, DataError> {
    let mut problems = Problems::default();
    let loaded = languages
        .iter()
        .filter_map(|language| problems.keep(of_language(directory, *language)))
        .collect();
    problems.check()?;
    Ok(loaded)
}

fn of_language(directory: &Path, language: Language) -> Result<LanguagePairs, DataError> {
    let columns = path(directory, language, Split::Train, "toxic");
    if let Some(table) = table(directory, language)
        && !columns.exists()
    {
        return from_table(&table, language, &PublishedSplit::of(language));
    }
    let mut problems = Problems::default();
    let train = problems.keep(pairs(directory, language, Split::Train));
    let test = problems.keep(pairs(directory, language, Split::Test));
    problems.check()?;
    Ok(LanguagePairs {
        language,
        origin: Origin::Columns(directory.to_owned()),
        train: train.unwrap_or_default(),
        test: test.unwrap_or_default(),
    })
}

/// The table of a language: here, or in `data` as in the repository.
fn table(directory: &Path, language: Language) -> Option<PathBuf> {
    let beginning = format!("{language}-");
    let mut tables: Vec<PathBuf> = [directory.to_owned(), directory.join("data")]
        .iter()
        .filter_map(|directory| std::fs::read_dir(directory).ok())
        .flat_map(|entries| entries.flatten())
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(&beginning) && name.ends_with(".parquet")
        })
        .map(|entry| entry.path())
        .collect();
    tables.sort();
    tables.into_iter().next()
}

/// The pairs of a table, divided and ordered as [`PublishedSplit`] says. A table with other pairs
/// than those is refused: half of a split is none.
fn from_table(
    file: &Path,
    language: Language,
    split: &PublishedSplit,
) -> Result<LanguagePairs, DataError> {
    let mut places: Vec<Option<Pair>> = vec![None; split.len()];
    let mut strangers = BadRows::default();
    let bad = |line, reason: &str| BadRow {
        place: Place {
            file: file.to_owned(),
            line,
            column: 0,
        },
        reason: reason.to_owned(),
    };
    let mut problems = rows::read(file, Format::Parquet, &mut |row| {
        let value = |name: &str| {
            let missing = || DataError::UnknownColumn {
                file: file.to_owned(),
                column: name.to_owned(),
                columns: row.values.iter().map(|(name, _)| name.clone()).collect(),
            };
            row.get(name).map(str::trim).ok_or_else(missing)
        };
        let (toxic, neutral) = (value("toxic_sentence")?, value("neutral_sentence")?);
        if toxic.is_empty() || neutral.is_empty() {
            strangers.push(bad(row.line, "the text is empty"));
            return Ok(());
        }
        match split.place(toxic).and_then(|place| places.get_mut(place)) {
            Some(place @ None) => {
                *place = Some(Pair {
                    toxic: toxic.to_owned(),
                    neutral: neutral.to_owned(),
                    line: row.line,
                    neutral_line: row.line,
                });
            }
            Some(Some(_)) => strangers.push(bad(row.line, "this pair occurs twice")),
            None => strangers.push(bad(
                row.line,
                "this pair is not in the published split; the table is not the one that was split",
            )),
        }
        Ok(())
    })?;
    problems.extend(strangers);
    problems.check()?;
    let missing = places.iter().filter(|place| place.is_none()).count();
    if missing > 0 {
        return Err(DataError::Format {
            file: file.to_owned(),
            reason: format!("{missing} pairs of the published split are not in it"),
        });
    }
    let mut train: Vec<Pair> = places.into_iter().flatten().collect();
    let test = train.split_off(split.train.min(train.len()));
    Ok(LanguagePairs {
        language,
        origin: Origin::Table(file.to_owned()),
        train,
        test,
    })
}

/// The embedded sample in the same form: its last six pairs are the test part.
pub fn embedded(languages: &[Language]) -> Vec<LanguagePairs> {
    languages
        .iter()
        .map(|language| {
            let mut train: Vec<Pair> = (1..)
                .zip(sample::pairs(*language))
                .map(|(line, pair)| Pair {
                    toxic: pair.toxic.clone(),
                    neutral: pair.neutral.clone(),
                    line,
                    neutral_line: line,
                })
                .collect();
            let test = train.split_off(train.len() - train.len() / 4);
            LanguagePairs {
                language: *language,
                origin: Origin::Embedded,
                train,
                test,
            }
        })
        .collect()
}

fn pairs(directory: &Path, language: Language, split: Split) -> Result<Vec<Pair>, DataError> {
    let toxic_file = path(directory, language, split, "toxic");
    let neutral_file = path(directory, language, split, "neutral");
    let mut problems = Problems::default();
    let toxic = problems.keep(column(&toxic_file)).unwrap_or_default();
    let neutral = problems.keep(column(&neutral_file)).unwrap_or_default();
    problems.check()?;
    if toxic.len() != neutral.len() {
        return Err(DataError::Unpaired {
            language,
            toxic_file,
            toxic: toxic.len(),
            neutral_file,
            neutral: neutral.len(),
        });
    }
    Ok(toxic
        .into_iter()
        .zip(neutral)
        .map(|((line, toxic), (neutral_line, neutral))| Pair {
            toxic,
            neutral,
            line,
            neutral_line,
        })
        .collect())
}

fn column(file: &Path) -> Result<Vec<(u64, String)>, DataError> {
    if !file.exists() {
        return Err(DataError::Missing {
            file: file.to_owned(),
            needed: "a data set of pairs has {lang}_{train|test}_{toxic|neutral}.csv".to_owned(),
        });
    }
    let mut texts = Vec::new();
    let mut empty = BadRows::default();
    let mut problems = rows::read(file, COLUMN, &mut |row| {
        match row.get("1").map(str::trim) {
            Some(text) if !text.is_empty() => texts.push((row.line, text.to_owned())),
            _ => empty.push(BadRow {
                place: Place {
                    file: file.to_owned(),
                    line: row.line,
                    column: 0,
                },
                reason: "the text is empty".to_owned(),
            }),
        }
        Ok(())
    })?;
    problems.extend(empty);
    problems.check()?;
    match texts.is_empty() {
        true => Err(DataError::Empty(file.to_owned())),
        false => Ok(texts),
    }
}
