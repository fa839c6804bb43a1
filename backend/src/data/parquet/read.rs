//! Rows of a parquet file.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::column::{ColumnReader, Source, Value};
use super::metadata::FileMetadata;
use super::{Fault, fault};
use crate::data::error::{BadRow, BadRows, DataError, Place};
use crate::data::rows::{ROW_LIMIT, Row, too_long};

/// How every parquet file begins and ends.
pub const MAGIC: &[u8; 4] = b"PAR1";
/// How one ends whose metadata are encrypted.
const ENCRYPTED: &[u8; 4] = b"PARE";

/// Calls `each` with every row, and gives the rows that are none. A row's line is its number, an
/// absent value an empty text.
///
/// # Errors
/// [`DataError::Io`], [`DataError::Format`] for a file that is damaged or has what this program
/// does not read, and what `each` returns.
pub fn read(
    path: &Path,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let file = File::open(path).map_err(DataError::io(path))?;
    table(path, file, each)
}

/// As [`read`], from anything that can be read at any place.
pub fn table(
    path: &Path,
    reader: impl Read + Seek,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let refused = |fault: Fault| match fault {
        Fault::Io(source) => DataError::Io {
            file: path.to_owned(),
            source,
        },
        Fault::File(reason) => DataError::Format {
            file: path.to_owned(),
            reason: format!("this parquet file cannot be read: {reason}"),
        },
    };
    let mut source = Source::new(reader).map_err(refused)?;
    let metadata = metadata(&mut source).map_err(refused)?;
    let mut problems = BadRows::default();
    let mut line = 0;
    for (number, group) in (1..).zip(&metadata.groups) {
        let within = |name: &str, fault: Fault| match fault {
            Fault::File(reason) => refused(Fault::File(format!(
                "column `{name}`, row group {number}: {reason}"
            ))),
            other => refused(other),
        };
        let mut columns = Vec::new();
        for leaf in &metadata.leaves {
            let opened = match group.chunks.get(leaf.chunk) {
                Some(chunk) if chunk.values == group.rows => ColumnReader::new(leaf, chunk),
                Some(chunk) => fault(format!(
                    "it has {} values, and there are {} rows",
                    chunk.values, group.rows
                )),
                None => fault("it is missing"),
            };
            columns.push(opened.map_err(|fault| within(&leaf.name, fault))?);
        }
        for _ in 0..group.rows {
            if columns.is_empty() {
                break;
            }
            line += 1;
            let mut values = Vec::with_capacity(columns.len());
            let mut sound = true;
            for ((place, leaf), column) in (1..).zip(&metadata.leaves).zip(&mut columns) {
                let value = column
                    .value(&mut source)
                    .map_err(|fault| within(&leaf.name, fault))?;
                match text(value.as_ref()) {
                    Ok(text) => values.push((leaf.name.clone(), text)),
                    Err(reason) => {
                        sound = false;
                        problems.push(BadRow {
                            place: Place {
                                file: path.to_owned(),
                                line,
                                column: place,
                            },
                            reason,
                        });
                    }
                }
            }
            if sound {
                each(Row { line, values })?;
            }
        }
    }
    Ok(problems)
}

fn text(value: Option<&Value>) -> Result<String, String> {
    let bytes: &[u8] = value.map_or(&[], |value| value);
    if bytes.len() > ROW_LIMIT {
        return Err(too_long());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("this value is not UTF-8".to_owned()),
    }
}

fn metadata<R: Read + Seek>(source: &mut Source<R>) -> Result<FileMetadata, Fault> {
    // Magic number, length of the metadata, magic number again.
    let frame = 12;
    if source.length() < frame {
        return fault("it is shorter than any");
    }
    let end = source.bytes(source.length() - 8, 8)?;
    let (length, magic) = end.split_at(4);
    if magic == ENCRYPTED {
        return fault("it is encrypted");
    }
    if magic != MAGIC {
        return fault("its end is missing; it may not have come whole");
    }
    let mut four = [0; 4];
    four.copy_from_slice(length);
    let length = u64::from(u32::from_le_bytes(four));
    if length > source.length() - frame {
        return fault("its metadata are longer than the file");
    }
    let bytes = source.bytes(source.length() - 8 - length, length)?;
    let metadata = FileMetadata::parse(&bytes)?;
    match metadata.leaves.is_empty() {
        true => fault("it has no column of texts or numbers"),
        false => Ok(metadata),
    }
}
