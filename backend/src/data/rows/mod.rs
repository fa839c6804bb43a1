//! Rows of files, one at a time in bounded memory: lines, delimited values, JSON lines, parquet.

mod delimited;
mod json;
mod lines;
mod quotes;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::error::{BadRow, BadRows, DataError, Place};
use super::format::Format;
use super::parquet;

/// A row may be this long. Longer ones are no sentences, and would fill the memory.
pub const ROW_LIMIT: usize = 1 << 20;

/// A row with its columns by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line on which it begins, from 1; of a table without lines its number.
    pub line: u64,
    /// Names and values.
    pub values: Vec<(String, String)>,
}

impl Row {
    /// The value of a column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, value)| value.as_str())
    }
}

/// Calls `each` with every row of the file, and gives the rows that are none.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Format`] for what cannot be divided into rows at all, and what
/// `each` returns.
pub fn read(
    path: &Path,
    format: Format,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    if format == Format::Parquet {
        return parquet::read(path, each);
    }
    let file = File::open(path).map_err(DataError::io(path))?;
    from_reader(path, file, format, each)
}

/// As [`read`], from anything that has bytes; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn from_reader(
    path: &Path,
    reader: impl Read,
    format: Format,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let start = reader.fill_buf().map_err(DataError::io(path))?;
    let refused = |reason: &str| {
        Err(DataError::Format {
            file: path.to_owned(),
            reason: reason.to_owned(),
        })
    };
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return refused("this is UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)");
    }
    if start.starts_with(parquet::MAGIC) || format == Format::Parquet {
        return refused(
            "a parquet file is read from its end: it must be a file and no pipe, and read as parquet",
        );
    }
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    match format {
        Format::Delimited {
            delimiter,
            quotes,
            header,
        } => delimited::read(path, reader, (delimiter, quotes, header), each),
        Format::JsonArray => json::array(path, reader, each),
        Format::Lines | Format::JsonLines | Format::Parquet => {
            lines::read(path, reader, format, each)
        }
    }
}

/// A row of `path` that cannot be used.
pub(super) fn bad(path: &Path, line: u64, column: u64, reason: impl Into<String>) -> BadRow {
    BadRow {
        place: Place {
            file: path.to_owned(),
            line,
            column,
        },
        reason: reason.into(),
    }
}

pub(super) fn too_long() -> String {
    format!("the line is longer than {} MiB", ROW_LIMIT >> 20)
}
