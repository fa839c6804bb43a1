//! Pairs of toxic sentences and their neutral twins, in the files of "Breaking mBad!":
//! `{lang}_{train|test}_{toxic|neutral}.csv`, one column without a header; or in the tables of
//! their public home, `{lang}-*.parquet`. One split for all.

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
}

/// The pairs of one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguagePairs {
    /// Language.
    pub language: Language,
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
                })
                .collect();
            let test = train.split_off(train.len() - train.len() / 4);
            LanguagePairs {
                language: *language,
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
        .map(|((line, toxic), (_, neutral))| Pair {
            toxic,
            neutral,
            line,
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::parquet::{Cell, Column, ColumnKind, Writer};

    fn write(directory: &Path, name: &str, content: &str) {
        fs::write(directory.join(name), content).unwrap();
    }

    fn complete(directory: &Path) {
        for split in ["train", "test"] {
            write(
                directory,
                &format!("es_{split}_toxic.csv"),
                "\"uno\ndos\"\ntres, no\n".trim(),
            );
            write(directory, &format!("es_{split}_neutral.csv"), "uno\ntres\n");
        }
    }

    #[test]
    fn quoted_line_breaks_do_not_shift_the_pairs() {
        let directory = tempfile::tempdir().unwrap();
        complete(directory.path());
        // A comma outside quotes is a second field, and that is said.
        let error = load(directory.path(), &[Language::Es]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("es_train_toxic.csv:3: 2 fields, not 1"),
            "{error}"
        );
        for split in ["train", "test"] {
            write(
                directory.path(),
                &format!("es_{split}_toxic.csv"),
                "\"uno\ndos\"\ntres\n",
            );
        }
        let loaded = load(directory.path(), &[Language::Es]).unwrap();
        assert_eq!(loaded[0].train[0].toxic, "uno\ndos");
        assert_eq!(
            (loaded[0].test[1].neutral.as_str(), loaded[0].test[1].line),
            ("tres", 3)
        );
    }

    #[test]
    fn half_a_data_set_is_none() {
        let directory = tempfile::tempdir().unwrap();
        complete(directory.path());
        write(directory.path(), "es_test_toxic.csv", "uno\ntres\n");
        write(directory.path(), "es_train_toxic.csv", "uno\n");
        let error = load(directory.path(), &[Language::Es]).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::Unpaired {
                    toxic: 1,
                    neutral: 2,
                    ..
                }
            ),
            "{error}"
        );
        write(directory.path(), "es_train_toxic.csv", "");
        let error = load(directory.path(), &[Language::Es]).unwrap_err();
        assert!(matches!(error, DataError::Empty(_)), "{error}");
        fs::remove_file(directory.path().join("es_train_toxic.csv")).unwrap();
        let error = load(directory.path(), &[Language::Es]).unwrap_err();
        assert!(matches!(error, DataError::Missing { .. }), "{error}");
    }

    #[test]
    fn what_is_wrong_is_told_of_every_file() {
        let directory = tempfile::tempdir().unwrap();
        for language in ["de", "es"] {
            for split in ["train", "test"] {
                for side in ["toxic", "neutral"] {
                    let name = format!("{language}_{split}_{side}.csv");
                    write(directory.path(), &name, "eins\nzwei\n");
                }
            }
        }
        write(directory.path(), "de_train_toxic.csv", "eins\n\"zwei\n");
        write(directory.path(), "de_train_neutral.csv", "a\n \n");
        write(directory.path(), "de_test_toxic.csv", "eins\n");
        fs::remove_file(directory.path().join("es_test_neutral.csv")).unwrap();
        let error = load(directory.path(), &[Language::De, Language::Es]).unwrap_err();
        let said = error.to_string();
        for part in [
            "de_train_toxic.csv:2:1: the quote that opens here is never closed",
            "de_train_neutral.csv:2: the text is empty",
            "de: ",
            "es_test_neutral.csv: the file is missing",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(said.lines().count(), 4, "{said}");
    }

    #[test]
    fn a_table_in_any_order_comes_out_as_published() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("de-00000-of-00001.parquet");
        let split = PublishedSplit::from_sentences(&["a b", "c", "d"], 2);
        let write = |rows: &[(&str, &str)]| {
            let columns = ["toxic_sentence", "neutral_sentence"].map(|name| Column {
                name,
                kind: ColumnKind::Text,
            });
            let mut writer = Writer::new(fs::File::create(&file).unwrap(), &columns).unwrap();
            for (toxic, neutral) in rows {
                writer
                    .push(&[Cell::Text(toxic), Cell::Text(neutral)])
                    .unwrap();
            }
            writer.finish().unwrap();
            from_table(&file, Language::De, &split)
        };
        let pairs = write(&[("d", "3"), ("a b\n", "1"), ("c", "2")]).unwrap();
        let texts = |pairs: &[Pair]| -> Vec<(String, String, u64)> {
            let all = pairs.iter().cloned();
            all.map(|pair| (pair.toxic, pair.neutral, pair.line))
                .collect()
        };
        let pair = |toxic: &str, neutral: &str, line| (toxic.to_owned(), neutral.to_owned(), line);
        assert_eq!(
            texts(&pairs.train),
            [pair("a b", "1", 2), pair("c", "2", 3)]
        );
        assert_eq!(texts(&pairs.test), [pair("d", "3", 1)]);

        let error = write(&[("c", "2"), ("c", "2"), ("e", "5")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("parquet:2: this pair occurs twice"),
            "{error}"
        );
        assert!(error.contains("parquet:3: this pair is not in"), "{error}");
        let error = write(&[("c", "2"), ("d", "3")]).unwrap_err().to_string();
        assert!(
            error.contains("1 pairs of the published split are not"),
            "{error}"
        );
        // The real split is looked for under the language's name.
        let error = load(directory.path(), &[Language::De]).unwrap_err();
        assert!(matches!(error, DataError::Rows(_)), "{error}");
    }

    #[test]
    fn the_sample_has_the_same_form() {
        for pairs in embedded(&Language::ALL) {
            assert_eq!(
                (pairs.train.len(), pairs.test.len()),
                (18, 6),
                "{}",
                pairs.language
            );
        }
    }
}
