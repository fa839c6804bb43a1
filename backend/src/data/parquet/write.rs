//! Writing a table as parquet, row by row: version 1 pages, plain, Snappy; the same rows give the
//! same bytes.

use std::io::{self, Write};

use super::hybrid::packed_bits;
use super::read::MAGIC;
use super::thrift::{self, kind};

/// Rows that are kept in memory and written together.
const GROUP_ROWS: usize = 16_384;
/// Or: bytes of their texts.
const GROUP_BYTES: usize = 8 << 20;

/// What a column holds. Values may be absent in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// A floating-point number of 64 bits.
    Float,
    /// A whole number of 64 bits.
    Integer,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Name.
    pub name: &'a str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// For [`ColumnKind::Text`].
    Text(&'a str),
    /// For [`ColumnKind::Float`].
    Float(f64),
    /// For [`ColumnKind::Integer`].
    Integer(i64),
    /// No value.
    Absent,
}

/// Writes a table. Without [`Writer::finish`] what it wrote is no file.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    written: u64,
    columns: Vec<Pending>,
    /// Rows and texts' bytes in `columns`.
    rows: usize,
    bytes: usize,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Pending {
    name: String,
    kind: ColumnKind,
    present: Vec<bool>,
    values: Vec<u8>,
}

#[derive(Debug)]
struct Group {
    rows: usize,
    /// For each column: first byte, bytes in the file, bytes unpacked.
    chunks: Vec<(u64, u64, u64)>,
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

impl<W: Write> Writer<W> {
    /// Begins a table with these columns.
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(mut out: W, columns: &[Column<'_>]) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            written: MAGIC.len() as u64,
            columns: columns
                .iter()
                .map(|column| Pending {
                    name: column.name.to_owned(),
                    kind: column.kind,
                    present: Vec::new(),
                    values: Vec::new(),
                })
                .collect(),
            rows: 0,
            bytes: 0,
            groups: Vec::new(),
        })
    }

    /// Adds a row: a cell for every column, of its kind or absent.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a row that does not fit the columns (nothing of it is
    /// added), and what `out` says.
    pub fn push(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        if row.len() != self.columns.len() {
            return Err(invalid(format!(
                "{} cells for {} columns",
                row.len(),
                self.columns.len()
            )));
        }
        for (cell, column) in row.iter().zip(&self.columns) {
            let fits = match cell {
                Cell::Absent => true,
                Cell::Text(text) => {
                    column.kind == ColumnKind::Text && u32::try_from(text.len()).is_ok()
                }
                Cell::Float(_) => column.kind == ColumnKind::Float,
                Cell::Integer(_) => column.kind == ColumnKind::Integer,
            };
            if !fits {
                let (name, kind) = (&column.name, column.kind);
                return Err(invalid(format!("`{name}` is a column of kind {kind:?}")));
            }
        }
        for (cell, column) in row.iter().zip(&mut self.columns) {
            column.present.push(*cell != Cell::Absent);
            match cell {
                Cell::Text(text) => {
                    column
                        .values
                        .extend_from_slice(&(text.len() as u32).to_le_bytes());
                    column.values.extend_from_slice(text.as_bytes());
                    self.bytes += text.len();
                }
                Cell::Float(number) => column.values.extend_from_slice(&number.to_le_bytes()),
                Cell::Integer(number) => column.values.extend_from_slice(&number.to_le_bytes()),
                Cell::Absent => {}
            }
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.flush_group()?;
        }
        Ok(())
    }

    fn flush_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut chunks = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            let levels = packed_bits(&column.present);
            let mut page = Vec::with_capacity(4 + levels.len() + column.values.len());
            page.extend_from_slice(&(levels.len() as u32).to_le_bytes());
            page.extend_from_slice(&levels);
            page.append(&mut column.values);
            column.present.clear();
            let packed = snap::raw::Encoder::new()
                .compress_vec(&page)
                .map_err(io::Error::other)?;
            let sizes = (i32::try_from(page.len()), i32::try_from(packed.len()));
            let (Ok(unpacked), Ok(length)) = sizes else {
                return Err(invalid(format!("a text in `{}` is too long", column.name)));
            };
            let head = page_head(self.rows, unpacked, length);
            self.out.write_all(&head)?;
            self.out.write_all(&packed)?;
            let in_file = (head.len() + packed.len()) as u64;
            let whole = (head.len() + page.len()) as u64;
            chunks.push((self.written, in_file, whole));
            self.written += in_file;
        }
        self.groups.push(Group {
            rows: std::mem::take(&mut self.rows),
            chunks,
        });
        self.bytes = 0;
        Ok(())
    }

    /// Ends the table and gives `out` back, flushed.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_group()?;
        let metadata = self.metadata();
        self.out.write_all(&metadata)?;
        let length = u32::try_from(metadata.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn metadata(&self) -> Vec<u8> {
        let mut file = thrift::Writer::default();
        file.begin();
        file.int32_field(1, 1);
        file.list_field(2, kind::STRUCT, self.columns.len() + 1);
        file.begin();
        file.text_field(4, "table");
        file.int32_field(5, self.columns.len() as i32);
        file.end();
        for column in &self.columns {
            file.begin();
            file.int32_field(1, column.kind.physical());
            file.int32_field(3, 1);
            file.text_field(4, &column.name);
            if column.kind == ColumnKind::Text {
                // UTF8, in the old words and in the new ones.
                file.int32_field(6, 0);
                file.begin_field(10);
                file.begin_field(1);
                file.end();
                file.end();
            }
            file.end();
        }
        let rows: usize = self.groups.iter().map(|group| group.rows).sum();
        file.int64_field(3, rows as i64);
        file.list_field(4, kind::STRUCT, self.groups.len());
        for group in &self.groups {
            self.group(&mut file, group);
        }
        let program = concat!("polydetox version ", env!("CARGO_PKG_VERSION"));
        file.text_field(6, program);
        file.end();
        file.into_bytes()
    }

    fn group(&self, file: &mut thrift::Writer, group: &Group) {
        file.begin();
        file.list_field(1, kind::STRUCT, group.chunks.len());
        for (column, (start, packed, whole)) in self.columns.iter().zip(&group.chunks) {
            file.begin();
            file.int64_field(2, *start as i64);
            file.begin_field(3);
            file.int32_field(1, column.kind.physical());
            // PLAIN for values, RLE for levels.
            file.list_field(2, kind::I32, 2);
            file.int(0);
            file.int(3);
            file.list_field(3, kind::BINARY, 1);
            file.text(&column.name);
            // Snappy.
            file.int32_field(4, 1);
            file.int64_field(5, group.rows as i64);
            file.int64_field(6, *whole as i64);
            file.int64_field(7, *packed as i64);
            file.int64_field(9, *start as i64);
            file.end();
            file.end();
        }
        let whole: u64 = group.chunks.iter().map(|chunk| chunk.2).sum();
        file.int64_field(2, whole as i64);
        file.int64_field(3, group.rows as i64);
        file.end();
    }
}

impl ColumnKind {
    /// Parquet's number of the stored type.
    fn physical(self) -> i32 {
        match self {
            Self::Integer => 2,
            Self::Float => 5,
            Self::Text => 6,
        }
    }
}

fn page_head(rows: usize, unpacked: i32, packed: i32) -> Vec<u8> {
    let mut head = thrift::Writer::default();
    head.begin();
    head.int32_field(1, 0);
    head.int32_field(2, unpacked);
    head.int32_field(3, packed);
    head.begin_field(5);
    head.int32_field(1, rows as i32);
    head.int32_field(2, 0);
    head.int32_field(3, 3);
    head.int32_field(4, 3);
    head.end();
    head.end();
    head.into_bytes()
}
