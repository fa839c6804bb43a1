//! Parquet: tables of texts and numbers, read and written row by row.
//!
//! Flat columns only (a list or a group in a file is passed over), pages version 1 and 2, plain and
//! dictionary encodings, uncompressed, Snappy and Zstandard: what Hugging Face, pyarrow, pandas and
//! DuckDB write for a table of sentences. What is not read is named. Files are distrusted: every
//! length is checked against the bytes that are there before anything is allocated.
//!
//! The `parquet` crate is not used because its features would reach into the tensor library's
//! dependencies (`num-integer`); nothing outside this folder knows.

mod column;
mod compression;
mod hybrid;
mod metadata;
mod read;
mod thrift;
mod write;

pub use read::{MAGIC, read};
pub use write::{Cell, Column, ColumnKind, Writer};

use std::io;

/// Why a file cannot be read.
#[derive(Debug)]
enum Fault {
    /// The file system's reason.
    Io(io::Error),
    /// What is wrong in the file, or not known to this program.
    File(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn fault<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::File(reason.into()))
}

#[cfg(test)]
mod tests;
