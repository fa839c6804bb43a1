//! Pairs in files, whole and not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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
