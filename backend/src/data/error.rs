//! Why data cannot be used: always with the file, and with line and column where there is one.

use std::fmt;
use std::io;
use std::path::PathBuf;

use protocol::language::{Language, UnknownLanguage};

/// Rows that are listed; the number of all is given.
const LISTED: usize = 20;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters or field number, from 1; 0 where the whole line is meant.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)?;
        match self.column {
            0 => Ok(()),
            column => write!(formatter, ":{column}"),
        }
    }
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub reason: String,
}

/// Data that cannot be used. Nothing of them is.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file system's reason.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Rows that cannot be used.
    #[error("{}", listed(.0, *.1))]
    Rows(Vec<BadRow>, usize),
    /// There is no text in it.
    #[error("{}: there is no text in it", .0.display())]
    Empty(PathBuf),
    /// A column that the file does not have.
    #[error("{}: there is no column `{column}`; it has {}", file.display(), columns.join(", "))]
    UnknownColumn {
        /// The file.
        file: PathBuf,
        /// The column that was asked for.
        column: String,
        /// What it has.
        columns: Vec<String>,
    },
    /// A language that is none of the seven.
    #[error("{place}: {source}")]
    UnknownLanguage {
        /// Where it stands.
        place: Place,
        /// Which it is.
        source: UnknownLanguage,
    },
    /// A file that belongs to a data set is not there.
    #[error("{}: the file is missing; {needed}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// What it is needed for.
        needed: String,
    },
    /// Two sides of pairs that differ in length.
    #[error("{language}: {} has {toxic} rows, {} has {neutral}", toxic_file.display(), neutral_file.display())]
    Unpaired {
        /// The language.
        language: Language,
        /// Toxic side.
        toxic_file: PathBuf,
        /// Its rows.
        toxic: usize,
        /// Neutral side.
        neutral_file: PathBuf,
        /// Its rows.
        neutral: usize,
    },
    /// A format that this program does not read.
    #[error("{}: {reason}", file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// A known data set that is not on this machine.
    #[error("the data set `{0}` is not here; fetch it with `backend data pull {0}`")]
    NotPulled(&'static str),
    /// Neither a directory nor a data set.
    #[error("{}: there is no such directory, and no data set of that name; known are {known}", given.display())]
    Unknown {
        /// What was given.
        given: PathBuf,
        /// Names of the data sets.
        known: String,
    },
    /// What a source on the network said.
    #[error("{0}")]
    Source(String),
}

impl DataError {
    /// For `map_err`.
    pub fn io(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }

    /// Bad rows, the first of them listed.
    pub fn rows(mut rows: Vec<BadRow>) -> Self {
        let count = rows.len();
        rows.truncate(LISTED);
        Self::Rows(rows, count)
    }
}

fn listed(rows: &[BadRow], count: usize) -> String {
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {}", row.place, row.reason))
        .collect();
    if count > rows.len() {
        lines.push(format!("and {} more", count - rows.len()));
    }
    lines.join("\n")
}
