//! Word lists: which words of a text are on them, and where.

mod embedded;
mod list;
mod scorer;

pub use embedded::embedded;
pub use list::{Category, Found, Hit, ListError, WordList};
pub use scorer::LexiconScorer;
