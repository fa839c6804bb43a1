//! Rows of files, one at a time in bounded memory: lines, delimited values, JSON lines, parquet.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::error::{BadRow, BadRows, DataError, Place};
use super::parquet;

/// A row may be this long. Longer ones are no sentences, and would fill the memory.
pub const ROW_LIMIT: usize = 1 << 20;

/// How a file is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One text a line.
    Lines,
    /// Values with a delimiter between them.
    Delimited {
        /// `,` or a tab.
        delimiter: u8,
        /// Whether `"` encloses values, which may then have line breaks in them.
        quotes: bool,
        /// Whether the first row names the columns; else they are called `1`, `2`, ….
        header: bool,
    },
    /// One JSON object a line.
    JsonLines,
    /// A JSON array of objects.
    JsonArray,
    /// Parquet, by its columns' names.
    Parquet,
}

impl Format {
    /// By the file's extension; a `.csv` and `.tsv` has a header.
    pub fn of(path: &Path) -> Self {
        let delimited = |delimiter, quotes| Self::Delimited {
            delimiter,
            quotes,
            header: true,
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => delimited(b',', true),
            Some("tsv") => delimited(b'\t', true),
            Some("jsonl" | "ndjson") => Self::JsonLines,
            Some("json") => Self::JsonArray,
            Some("parquet") => Self::Parquet,
            _ => Self::Lines,
        }
    }
}

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
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(DataError::Format {
            file: path.to_owned(),
            reason: "this is UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)".to_owned(),
        });
    }
    if start.starts_with(parquet::MAGIC) || format == Format::Parquet {
        return Err(DataError::Format {
            file: path.to_owned(),
            reason: "a parquet file is read from its end: name it as a file that ends in .parquet"
                .to_owned(),
        });
    }
    if start.starts_with("\u{feff}".as_bytes()) {
        reader.consume("\u{feff}".len());
    }
    match format {
        Format::Delimited {
            delimiter,
            quotes,
            header,
        } => delimited(path, reader, (delimiter, quotes, header), each),
        Format::JsonArray => json_array(path, reader, each),
        Format::Lines | Format::JsonLines | Format::Parquet => lines(path, reader, format, each),
    }
}

fn bad(path: &Path, line: u64, column: u64, reason: impl Into<String>) -> BadRow {
    BadRow {
        place: Place {
            file: path.to_owned(),
            line,
            column,
        },
        reason: reason.into(),
    }
}

fn lines(
    path: &Path,
    mut reader: impl BufRead,
    format: Format,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let mut problems = BadRows::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let mut limited = reader.by_ref().take(ROW_LIMIT as u64 + 1);
        let count = limited
            .read_until(b'\n', &mut bytes)
            .map_err(DataError::io(path))?;
        if count == 0 {
            break;
        }
        if count > ROW_LIMIT {
            problems.push(bad(path, line, 0, too_long()));
            skip_line(&mut reader, &bytes).map_err(DataError::io(path))?;
            continue;
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_end_matches(['\n', '\r']),
            Err(error) => {
                let column = String::from_utf8_lossy(&bytes[..error.valid_up_to()])
                    .chars()
                    .count();
                problems.push(bad(path, line, column as u64 + 1, "not UTF-8"));
                continue;
            }
        };
        if format == Format::Lines {
            each(Row {
                line,
                values: vec![("text".to_owned(), text.to_owned())],
            })?;
        } else if !text.trim().is_empty() {
            match serde_json::from_str(text) {
                Ok(value) => match object(value) {
                    Some(values) => each(Row { line, values })?,
                    None => problems.push(bad(path, line, 0, "not a JSON object")),
                },
                Err(error) => {
                    problems.push(bad(path, line, error.column() as u64, error.to_string()));
                }
            }
        }
    }
    Ok(problems)
}

pub(super) fn too_long() -> String {
    format!("the line is longer than {} MiB", ROW_LIMIT >> 20)
}

fn skip_line(reader: &mut impl BufRead, read: &[u8]) -> io::Result<()> {
    if read.last() == Some(&b'\n') {
        return Ok(());
    }
    reader.skip_until(b'\n').map(|_| ())
}

/// The fields whose values are texts, numbers or truth values.
fn object(value: serde_json::Value) -> Option<Vec<(String, String)>> {
    let serde_json::Value::Object(fields) = value else {
        return None;
    };
    Some(
        fields
            .into_iter()
            .filter_map(|(name, value)| match value {
                serde_json::Value::String(text) => Some((name, text)),
                serde_json::Value::Number(number) => Some((name, number.to_string())),
                serde_json::Value::Bool(truth) => Some((name, truth.to_string())),
                _ => None,
            })
            .collect(),
    )
}

fn json_array(
    path: &Path,
    reader: impl Read,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    // Element by element would need a visitor with a side channel for errors; files of this kind
    // are small, and a limit keeps them so.
    let limit = 64 * ROW_LIMIT as u64;
    let mut text = Vec::new();
    reader
        .take(limit + 1)
        .read_to_end(&mut text)
        .map_err(DataError::io(path))?;
    let refused = |reason: String| DataError::Format {
        file: path.to_owned(),
        reason,
    };
    if text.len() as u64 > limit {
        return Err(refused(
            "a JSON array of more than 64 MiB; save it as JSON lines, which are read one by one"
                .to_owned(),
        ));
    }
    let items: Vec<serde_json::Value> =
        serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    let mut problems = BadRows::default();
    for (number, item) in (1..).zip(items) {
        match object(item) {
            Some(values) => each(Row {
                line: number,
                values,
            })?,
            None => problems.push(bad(path, number, 0, "this element is not an object")),
        }
    }
    Ok(problems)
}

/// Lets the bytes of one row pass and no more: an unclosed quote must not swallow a file.
struct Budget<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_long()));
        }
        let end = buffer.len().min(left);
        let count = self.reader.read(&mut buffer[..end])?;
        self.left.set(left - count);
        Ok(count)
    }
}

fn delimited(
    path: &Path,
    reader: impl Read,
    (delimiter, quotes, header): (u8, bool, bool),
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let left = Rc::new(Cell::new(2 * ROW_LIMIT));
    let mut table = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quotes)
        .has_headers(false)
        .flexible(true)
        .from_reader(Budget {
            reader,
            left: Rc::clone(&left),
        });
    let mut problems = BadRows::default();
    let mut record = csv::ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    loop {
        left.set(2 * ROW_LIMIT);
        let more = table.read_byte_record(&mut record).map_err(|error| {
            let place = error.position().unwrap_or(table.position());
            let line = place.line();
            DataError::Rows(bad(path, line, 0, error.to_string()).into())
        })?;
        if !more {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let mut values = Vec::with_capacity(record.len());
        for (number, field) in (1..).zip(&record) {
            match std::str::from_utf8(field) {
                Ok(text) => values.push(text.to_owned()),
                Err(_) => problems.push(bad(path, line, number, "this field is not UTF-8")),
            }
        }
        if values.len() < record.len() {
            continue;
        }
        if header && names.is_none() {
            names = Some(values);
            continue;
        }
        let columns = names.get_or_insert_with(|| {
            (1..=values.len())
                .map(|number| number.to_string())
                .collect()
        });
        if columns.len() != values.len() {
            let reason = format!("{} fields, not {}", values.len(), columns.len());
            problems.push(bad(path, line, 0, reason));
            continue;
        }
        each(Row {
            line,
            values: columns.iter().cloned().zip(values).collect(),
        })?;
    }
    Ok(problems)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn rows(format: Format, content: &[u8]) -> (Vec<(u64, Vec<String>)>, Vec<String>) {
        let mut rows = Vec::new();
        let problems = from_reader(Path::new("f"), content, format, &mut |row| {
            rows.push((
                row.line,
                row.values.into_iter().map(|(_, value)| value).collect(),
            ));
            Ok(())
        })
        .unwrap();
        let problems = problems
            .first()
            .iter()
            .map(|problem| format!("{} {}", problem.place, problem.reason))
            .collect();
        (rows, problems)
    }

    const CSV: Format = Format::Delimited {
        delimiter: b',',
        quotes: true,
        header: true,
    };

    #[test]
    fn quoted_line_breaks_belong_to_the_value() {
        let (found, problems) = rows(CSV, b"\xef\xbb\xbfa,b\n\"x\ny\",1\nz,2\n");
        assert_eq!(found[0], (2, vec!["x\ny".to_owned(), "1".to_owned()]));
        assert_eq!(found[1].0, 4);
        assert!(problems.is_empty());
    }

    #[test]
    fn bad_rows_have_file_line_and_column() {
        let (found, problems) = rows(CSV, b"a,b\n1,2\n3\n4,\xff\n5,6\n");
        assert_eq!(found.len(), 2);
        assert_eq!(
            problems,
            ["f:3 1 fields, not 2", "f:4:2 this field is not UTF-8"]
        );
        let (found, problems) = rows(Format::Lines, "gut\nsch\u{f6}n\n".as_bytes());
        assert_eq!((found.len(), problems.len()), (2, 0));
        let (_, problems) = rows(Format::Lines, b"ok\nab\xffc\n");
        assert_eq!(problems, ["f:2:3 not UTF-8"]);
        let (found, problems) = rows(
            Format::JsonLines,
            b"{\"a\": \"x\", \"n\": 3}\n\n[1]\n{\"a\"\n",
        );
        assert_eq!(found, [(1, vec!["x".to_owned(), "3".to_owned()])]);
        assert!(
            problems[0].starts_with("f:3 ") && problems[1].starts_with("f:4:"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_line_of_ten_megabytes_is_named_and_passed_over() {
        let mut content = vec![b'x'; 10 << 20];
        content.extend_from_slice(b"\nshort\n");
        let (found, problems) = rows(Format::Lines, &content);
        assert_eq!(found, [(2, vec!["short".to_owned()])]);
        assert_eq!(problems, ["f:1 the line is longer than 1 MiB"]);
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_file() {
        let mut content = b"a,b\n\"x".to_vec();
        content.resize(5 << 20, b'y');
        let error =
            from_reader(Path::new("f"), content.as_slice(), CSV, &mut |_| Ok(())).unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with("f:2: ") && said.contains("longer than"),
            "{said}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        for (format, content) in [
            (Format::Lines, "\u{feff}gut\n"),
            (Format::JsonLines, "\u{feff}{\"a\": \"gut\"}\n"),
            (Format::JsonArray, "\u{feff}[{\"a\": \"gut\"}]"),
            (CSV, "\u{feff}a\ngut\n"),
        ] {
            let (found, problems) = rows(format, content.as_bytes());
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(found[0].1, ["gut"], "{format:?}");
        }
    }

    #[test]
    fn bad_rows_are_counted_and_only_the_first_are_kept() {
        let content = b"\xff\n".repeat(1_000);
        let problems = from_reader(Path::new("f"), &content[..], Format::Lines, &mut |_| Ok(()));
        let problems = problems.unwrap();
        assert_eq!(problems.first().len(), 20);
        let said = problems.check().unwrap_err().to_string();
        assert!(said.starts_with("f:1:1: not UTF-8\nf:2:1"), "{said}");
        assert!(said.ends_with("and 980 more"), "{said}");
    }

    #[test]
    fn other_encodings_are_refused_by_name() {
        for (content, said) in [
            (&b"\xff\xfea\0"[..], "UTF-16"),
            (&b"PAR1...."[..], "ends in .parquet"),
        ] {
            let error = from_reader(Path::new("f"), content, CSV, &mut |_| Ok(())).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
