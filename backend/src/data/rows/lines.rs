//! One text a line, or one JSON object.

use std::io::{self, BufRead, Read};
use std::path::Path;

use super::{BadRows, DataError, Format, ROW_LIMIT, Row, bad, json, too_long};

/// Reads `Format::Lines`, and as JSON lines everything else.
pub fn read(
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
                Ok(value) => match json::object(value) {
                    Ok(values) => each(Row { line, values })?,
                    Err(kind) => {
                        problems.push(bad(path, line, 0, format!("{kind}, not a JSON object")));
                    }
                },
                Err(error) => {
                    problems.push(bad(path, line, error.column() as u64, json::reason(&error)));
                }
            }
        }
    }
    Ok(problems)
}

fn skip_line(reader: &mut impl BufRead, read: &[u8]) -> io::Result<()> {
    if read.last() == Some(&b'\n') {
        return Ok(());
    }
    reader.skip_until(b'\n').map(|_| ())
}
