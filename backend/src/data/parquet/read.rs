//! Rows of a parquet file.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::ColumnDescriptor;

use super::pages::{Pages, Source, fault};
use super::schema::check_depth;
use crate::data::error::{BadRow, BadRows, DataError, Place};
use crate::data::rows::{ROW_LIMIT, Row, too_long};

/// How every parquet file begins and ends.
pub const MAGIC: &[u8; 4] = b"PAR1";

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
pub fn table<R: ChunkReader + 'static>(
    path: &Path,
    reader: R,
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let metadata = guarded(|| {
        check_depth(&reader)?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&reader)?;
        let schema = metadata.file_metadata().schema_descr();
        match schema.columns().iter().any(|column| is_read(column)) {
            true => Ok(metadata),
            false => fault("it has no column of texts or numbers"),
        }
    })
    .map_err(|error| refused(path, "", error))?;
    let source = Arc::new(Source(reader));
    let mut problems = BadRows::default();
    let mut line = 0;
    for (number, group) in (1..).zip(metadata.row_groups()) {
        let within = |name: &str, error: ParquetError| {
            let place = format!("column `{name}`, row group {number}: ");
            refused(path, &place, error)
        };
        let mut columns = Vec::new();
        for chunk in group.columns() {
            let (name, column) = (chunk.column_descr().name(), chunk.column_descr_ptr());
            if is_read(&column) {
                let pages = guarded(|| Pages::new(&source, chunk, group.num_rows()))
                    .map_err(|error| within(name, error))?;
                columns.push((name, get_column_reader(column, Box::new(pages))));
            }
        }
        for _ in 0..group.num_rows() {
            line += 1;
            let mut values = Vec::with_capacity(columns.len());
            let mut sound = true;
            for (place, (name, column)) in (1..).zip(&mut columns) {
                match guarded(|| value(column)).map_err(|error| within(name, error))? {
                    Ok(text) => values.push(((*name).to_owned(), text)),
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

/// The crate panics on some contradictions in a file. Where panics unwind, that is an error like
/// any other, and nothing that the closure touched is used again.
fn guarded<T>(work: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| fault("its parts contradict each other"))
}

fn refused(path: &Path, place: &str, error: ParquetError) -> DataError {
    let reason = match error {
        ParquetError::General(reason) | ParquetError::NYI(reason) | ParquetError::EOF(reason) => {
            reason
        }
        ParquetError::External(error) => error.to_string(),
        other => other.to_string(),
    };
    DataError::Format {
        file: path.to_owned(),
        reason: format!("this parquet file cannot be read: {place}{reason}"),
    }
}

/// Whether it is a column of the table itself, and not in a list or a group, of texts or numbers.
fn is_read(column: &ColumnDescriptor) -> bool {
    let number = !matches!(
        column.physical_type(),
        Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY
    );
    number && column.max_rep_level() == 0 && column.path().parts().len() == 1
}

/// The next value of a column as text, an empty one where it is absent; or why it is none.
fn value(column: &mut ColumnReader) -> ParquetResult<Result<String, String>> {
    let value = match column {
        ColumnReader::ByteArrayColumnReader(reader) => {
            return Ok(next(reader)?.map_or_else(|| Ok(String::new()), |value| text(value.data())));
        }
        ColumnReader::BoolColumnReader(reader) => next(reader)?.map(|value| value.to_string()),
        ColumnReader::Int32ColumnReader(reader) => next(reader)?.map(|value| value.to_string()),
        ColumnReader::Int64ColumnReader(reader) => next(reader)?.map(|value| value.to_string()),
        ColumnReader::FloatColumnReader(reader) => next(reader)?.map(|value| value.to_string()),
        ColumnReader::DoubleColumnReader(reader) => next(reader)?.map(|value| value.to_string()),
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => None,
    };
    Ok(Ok(value.unwrap_or_default()))
}

/// One at a time: of more the crate would keep all their pages in memory.
fn next<T: DataType>(reader: &mut ColumnReaderImpl<T>) -> ParquetResult<Option<T::T>> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    match reader.read_records(1, Some(&mut levels), None, &mut values)? {
        (0, ..) => fault("its values end early"),
        _ => Ok(values.pop()),
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    if bytes.len() > ROW_LIMIT {
        return Err(too_long());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("this value is not UTF-8".to_owned()),
    }
}
