//! Why data cannot be used: always with the file, and with line and column where there is one.

use std::fmt;
use std::io;
use std::path::PathBuf;

use protocol::language::Language;

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

/// Rows that cannot be used: the first of them and how many there are, so that a file with nothing
/// else in it takes no more memory than another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BadRows {
    first: Vec<BadRow>,
    count: usize,
}

impl BadRows {
    /// Adds one, which comes behind those that are there.
    pub fn push(&mut self, row: BadRow) {
        self.count += 1;
        if self.first.len() < LISTED {
            self.first.push(row);
        }
    }

    /// Adds others, wherever they stand.
    pub fn extend(&mut self, others: Self) {
        self.count += others.count;
        self.first.extend(others.first);
        self.first
            .sort_by(|left, right| left.place.cmp(&right.place));
        self.first.truncate(LISTED);
    }

    /// The first of them.
    pub fn first(&self) -> &[BadRow] {
        &self.first
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// An error if there are any.
    ///
    /// # Errors
    /// [`DataError::Rows`].
    pub fn check(self) -> Result<(), DataError> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(DataError::Rows(self)),
        }
    }
}

impl From<BadRow> for BadRows {
    fn from(row: BadRow) -> Self {
        Self {
            first: vec![row],
            count: 1,
        }
    }
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
    #[error("{}", listed(.0))]
    Rows(BadRows),
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
    /// What is wrong with several files.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<DataError>),
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
}

/// What is wrong with files that are read one after the other: a bad one does not hide the next.
#[derive(Debug, Default)]
pub struct Problems(Vec<DataError>);

impl Problems {
    /// The value; or none, and what is wrong is kept.
    pub fn keep<T>(&mut self, found: Result<T, DataError>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(DataError::Several(errors)) => {
                self.0.extend(errors);
                None
            }
            Err(error) => {
                self.0.push(error);
                None
            }
        }
    }

    /// An error if there are any.
    ///
    /// # Errors
    /// The only one there is, or [`DataError::Several`].
    pub fn check(mut self) -> Result<(), DataError> {
        match (self.0.pop(), self.0.is_empty()) {
            (None, _) => Ok(()),
            (Some(only), true) => Err(only),
            (Some(last), false) => {
                self.0.push(last);
                Err(DataError::Several(self.0))
            }
        }
    }
}

fn listed(rows: &BadRows) -> String {
    let mut lines: Vec<String> = rows
        .first
        .iter()
        .map(|row| format!("{}: {}", row.place, row.reason))
        .collect();
    if rows.count > rows.first.len() {
        lines.push(format!("and {} more", rows.count - rows.first.len()));
    }
    lines.join("\n")
}
