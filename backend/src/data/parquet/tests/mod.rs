//! Tables of pyarrow's and our own, sound and damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::read::table;
use super::*;
use crate::data::error::DataError;
use crate::data::rows::Row;

fn rows(bytes: &[u8]) -> Result<(Vec<Row>, Vec<String>), DataError> {
    let mut rows = Vec::new();
    let bytes = Bytes::copy_from_slice(bytes);
    let problems = table(Path::new("f.parquet"), bytes, &mut |row| {
        rows.push(row);
        Ok(())
    })?;
    let problems = problems
        .first()
        .iter()
        .map(|problem| format!("{} {}", problem.place, problem.reason))
        .collect();
    Ok((rows, problems))
}

fn file(name: &str) -> Vec<u8> {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "src/data/parquet/tests/files",
        name,
    ]
    .iter()
    .collect();
    std::fs::read(path).unwrap()
}

const READ: [&str; 3] = ["snappy.parquet", "zstd.parquet", "second.parquet"];

#[test]
fn tables_of_pyarrow_s_are_read() {
    for name in READ {
        let (rows, problems) = rows(&file(name)).unwrap();
        assert!(problems.is_empty(), "{name}: {problems:?}");
        assert_eq!(rows.len(), 40, "{name}");
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(row.line, number as u64 + 1);
            let get = |column: &str| row.get(column).unwrap().to_owned();
            assert_eq!(
                get("toxic_sentence"),
                format!("dumm {}, «schön» 坏 नहीं", number % 7)
            );
            let neutral = match number % 5 {
                0 => String::new(),
                _ => format!("line\nbreak {number}"),
            };
            assert_eq!(get("neutral_sentence"), neutral, "{name} {number}");
            assert_eq!(get("label"), (number % 2).to_string());
            assert_eq!(get("big"), (number as u64 * 1_000_000_000_000).to_string());
            assert_eq!(get("score"), (number as f64 / 8.0).to_string());
            let half = match number {
                3 => String::new(),
                _ => (number as f32 / 2.0).to_string(),
            };
            assert_eq!(get("half"), half);
            assert_eq!(get("truth"), (number % 3 == 0).to_string());
            // A list is no column of the table itself.
            assert_eq!(row.get("spans"), None);
        }
    }
}

#[test]
fn groups_in_one_another_without_end_are_refused() {
    // Thrift: version 1, then a schema of groups that have one child each.
    let mut metadata = vec![0x15, 2, 0x19, 0xfc, 0xc0, 0x9a, 0x0c];
    (0..200_000).for_each(|_| metadata.extend([0x48, 1, b'a', 0x15, 2, 0]));
    metadata.push(0);
    let length = (metadata.len() as u32).to_le_bytes();
    let file = [b"PAR1", metadata.as_slice(), &length, b"PAR1"].concat();
    let error = rows(&file).unwrap_err().to_string();
    assert!(error.contains("more than 64 groups"), "{error}");
}

#[test]
fn what_is_not_read_is_named() {
    for (name, said) in [
        (
            "gzip.parquet",
            "column `label`, row group 1: it is compressed with gzip",
        ),
        ("delta.parquet", "it has the encoding DELTA_BYTE_ARRAY"),
    ] {
        let error = rows(&file(name)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let whole = file("snappy.parquet");
    for (bytes, said) in [
        (&whole[..whole.len() - 3], "Corrupt footer"),
        (&whole[..5], "file too small"),
        (&b"PAR1....\x04\0\0\0PARE"[..], "encrypted"),
        (&b"PAR1\xff\xff\xff\x7fPAR1"[..], "file too small"),
    ] {
        let error = rows(bytes).unwrap_err();
        assert!(matches!(error, DataError::Format { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

fn written(count: usize) -> Vec<u8> {
    let columns = [
        ("prompt", ColumnKind::Text),
        ("score", ColumnKind::Float),
        ("seed", ColumnKind::Integer),
    ]
    .map(|(name, kind)| Column { name, kind });
    let mut writer = Writer::new(Vec::new(), &columns).unwrap();
    for number in 0..count {
        let text = format!("Satz {number}: \u{202e}坏\0\n");
        let score = match number % 3 {
            0 => Cell::Absent,
            _ => Cell::Float(number as f64 / 3.0),
        };
        writer
            .push(&[Cell::Text(&text), score, Cell::Integer(-(number as i64))])
            .unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn what_is_written_is_read() {
    for count in [0, 1, 9, 40_000] {
        let (rows, problems) = rows(&written(count)).unwrap();
        assert!(problems.is_empty());
        assert_eq!(rows.len(), count);
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(
                row.get("prompt").unwrap(),
                format!("Satz {number}: \u{202e}坏\0\n")
            );
            let score = match number % 3 {
                0 => String::new(),
                _ => (number as f64 / 3.0).to_string(),
            };
            assert_eq!(row.get("score").unwrap(), score);
            assert_eq!(row.get("seed").unwrap(), (-(number as i64)).to_string());
        }
    }
    assert_eq!(written(100), written(100));
}

#[test]
fn a_row_that_does_not_fit_is_refused_whole() {
    let columns = [Column {
        name: "score",
        kind: ColumnKind::Float,
    }];
    let mut writer = Writer::new(Vec::new(), &columns).unwrap();
    for row in [&[Cell::Text("a")][..], &[], &[Cell::Absent, Cell::Absent]] {
        assert!(writer.push(row).is_err());
    }
    writer.push(&[Cell::Float(f64::NAN)]).unwrap();
    let (rows, _) = rows(&writer.finish().unwrap()).unwrap();
    assert_eq!(rows[0].get("score"), Some("NaN"));
}

#[test]
fn a_value_that_is_no_text_has_row_and_column() {
    let columns = ["a", "b"].map(|name| Column {
        name,
        kind: ColumnKind::Text,
    });
    let mut writer = Writer::new(Vec::new(), &columns).unwrap();
    let long = "x".repeat(2 << 20);
    for (a, b) in [("good", "good"), ("good", "WRONG"), (&long, "good")] {
        writer.push(&[Cell::Text(a), Cell::Text(b)]).unwrap();
    }
    let mut bytes = writer.finish().unwrap();
    let at = bytes.windows(5).position(|five| five == b"WRONG").unwrap();
    bytes[at] = 0xff;
    let (rows, problems) = rows(&bytes).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        problems,
        [
            "f.parquet:2:2 this value is not UTF-8",
            "f.parquet:3:1 the line is longer than 1 MiB"
        ]
    );
}

/// Lengths by which the crate would allocate gigabytes.
#[test]
fn what_would_fill_the_memory_is_refused() {
    let whole = written(1);
    for (place, number, said) in [
        (
            &[0x15, 0x04, 0x15][..],
            &[0xfe, 0xff, 0xff, 0x7f][..],
            "a page of 127 MiB",
        ),
        (
            &[0x4c, 0x15],
            &[0x7e],
            "its dictionary is longer than its page",
        ),
    ] {
        let mut bytes = whole.clone();
        let at = bytes.windows(place.len()).position(|bytes| bytes == place);
        let at = at.unwrap() + place.len();
        bytes[at..at + number.len()].copy_from_slice(number);
        let error = rows(&bytes).unwrap_err().to_string();
        let said = format!("column `prompt`, row group 1: {said}");
        assert!(error.contains(&said), "{error}");
    }
}

/// Every byte changed in several ways, every length cut: rows or a typed error, never the end of
/// the program, and never more rows than a small file can have.
#[test]
fn damaged_files_are_refused_or_read_but_never_end_the_program() {
    let (mut refused, mut read) = (0, 0);
    let mut try_out = |bytes: &[u8]| match rows(bytes) {
        Ok((rows, _)) => {
            assert!(rows.len() < 100_000);
            read += 1;
        }
        Err(DataError::Format { .. }) => refused += 1,
        Err(other) => panic!("{other}"),
    };
    for name in READ {
        let whole = file(name);
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= change;
                try_out(&damaged);
            }
            try_out(&whole[..at]);
            let mut shortened = whole.clone();
            shortened.remove(at);
            try_out(&shortened);
        }
    }
    assert!(refused > read && read > 0, "{refused} refused, {read} read");
}
