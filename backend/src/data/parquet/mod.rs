//! Parquet: tables of texts and numbers, read and written row by row with the `parquet` crate.
//!
//! Flat columns only (a list or a group in a file is passed over), plain and dictionary encodings,
//! uncompressed, Snappy and Zstandard: what Hugging Face, pyarrow, pandas and DuckDB write for a
//! table of sentences. What is not read is named. Files are distrusted: `pages` and `schema` keep
//! from the crate what would fill the memory or the stack, and a panic in it is an error like any
//! other.

mod pages;
mod read;
mod schema;
mod write;

pub use read::{MAGIC, read};
pub use write::Writer;

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

#[cfg(test)]
mod tests;
