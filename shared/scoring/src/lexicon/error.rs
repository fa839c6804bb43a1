//! Why a word list, or an entry of it, cannot be used.

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Would match everywhere.
    #[error("line {line}: `{entry}` has a single character to match, and would match everywhere")]
    SingleCharacter {
        /// Line, from 1.
        line: usize,
        /// The entry.
        entry: String,
    },
    /// Would match every number: they are all the same in a normalised text.
    #[error("line {line}: `{entry}` stands for any number, and would match all of them")]
    Number {
        /// Line, from 1.
        line: usize,
        /// The entry.
        entry: String,
    },
    /// Would match nowhere.
    #[error("line {line}: `{entry}` has no letter in it, and would match nothing")]
    NoLetters {
        /// Line, from 1.
        line: usize,
        /// The entry.
        entry: String,
    },
    /// Not one of the three.
    #[error("line {line}: `{found}` is no category; known are insult, vulgar, hostile")]
    Category {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// There is no entry.
    #[error("the list is empty")]
    Empty,
}
