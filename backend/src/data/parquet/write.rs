//! Writing a table as parquet, row by row, with Snappy; the same rows give the same bytes.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::{Cell, Column, ColumnKind};

/// Rows that are kept in memory and written together.
const GROUP_ROWS: usize = 16_384;
/// Or: bytes of their texts.
const GROUP_BYTES: usize = 8 << 20;

/// A page with a longer text could not say its length.
const TEXT_LIMIT: usize = 1 << 30;

/// Writes a table. Without [`Writer::finish`] what it wrote is no file.
#[derive(Debug)]
pub struct Writer<W: Write> {
    file: SerializedFileWriter<W>,
    columns: Vec<Pending>,
    /// Rows and texts' bytes in `columns`.
    rows: usize,
    bytes: usize,
}

/// A column and its values; of the three lists only that of its kind is used.
#[derive(Debug)]
struct Pending {
    name: String,
    kind: ColumnKind,
    /// 1 where there is a value, else 0.
    levels: Vec<i16>,
    texts: Vec<ByteArray>,
    floats: Vec<f64>,
    integers: Vec<i64>,
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table with these columns.
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(out: W, columns: &[Column<'_>]) -> io::Result<Self> {
        let fields: ParquetResult<Vec<_>> = columns.iter().map(Column::field).collect();
        let table = Type::group_type_builder("table").with_fields(fields?);
        // No statistics: of texts they would be whole sentences in the metadata.
        let properties = WriterProperties::builder()
            .set_created_by(concat!("polydetox version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        Ok(Self {
            file: SerializedFileWriter::new(out, Arc::new(table.build()?), Arc::new(properties))?,
            columns: columns.iter().map(Column::pending).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    /// Adds a row: a cell for every column, of its kind or absent.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a row that does not fit the columns (nothing of it is
    /// added), and what `out` says.
    pub fn push(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        let (cells, columns) = (row.len(), self.columns.len());
        if cells != columns {
            return Err(invalid(format!("{cells} cells for {columns} columns")));
        }
        for (cell, Pending { name, kind, .. }) in row.iter().zip(&self.columns) {
            let fits = match cell {
                Cell::Absent => true,
                Cell::Text(text) => *kind == ColumnKind::Text && text.len() <= TEXT_LIMIT,
                Cell::Float(_) => *kind == ColumnKind::Float,
                Cell::Integer(_) => *kind == ColumnKind::Integer,
            };
            if !fits {
                return Err(invalid(format!("`{name}` is a column of kind {kind:?}")));
            }
        }
        for (cell, column) in row.iter().zip(&mut self.columns) {
            column.levels.push(i16::from(*cell != Cell::Absent));
            match cell {
                Cell::Text(text) => {
                    column.texts.push(text.as_bytes().to_vec().into());
                    self.bytes += text.len();
                }
                Cell::Float(number) => column.floats.push(*number),
                Cell::Integer(number) => column.integers.push(*number),
                Cell::Absent => {}
            }
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> ParquetResult<()> {
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut out) = group.next_column()? else {
                break;
            };
            let levels = std::mem::take(&mut column.levels);
            match column.kind {
                ColumnKind::Text => write::<ByteArrayType>(&mut out, &levels, &mut column.texts)?,
                ColumnKind::Float => write::<DoubleType>(&mut out, &levels, &mut column.floats)?,
                ColumnKind::Integer => write::<Int64Type>(&mut out, &levels, &mut column.integers)?,
            }
            out.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Ends the table and gives `out` back, flushed.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let mut out = self.file.into_inner()?;
        out.flush()?;
        Ok(out)
    }
}

impl Column<'_> {
    fn field(&self) -> ParquetResult<Arc<Type>> {
        let (physical, logical) = match self.kind {
            ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::Float => (Physical::DOUBLE, None),
            ColumnKind::Integer => (Physical::INT64, None),
        };
        let field = Type::primitive_type_builder(self.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    }

    fn pending(&self) -> Pending {
        Pending {
            name: self.name.to_owned(),
            kind: self.kind,
            levels: Vec::new(),
            texts: Vec::new(),
            floats: Vec::new(),
            integers: Vec::new(),
        }
    }
}

fn write<T: DataType>(
    out: &mut SerializedColumnWriter<'_>,
    levels: &[i16],
    values: &mut Vec<T::T>,
) -> ParquetResult<()> {
    let values = std::mem::take(values);
    out.typed::<T>().write_batch(&values, Some(levels), None)?;
    Ok(())
}
