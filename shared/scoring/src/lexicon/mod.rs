//! Word lists: which words of a text are on them, and where.

mod embedded;
mod error;
mod list;
mod scorer;

pub use embedded::embedded;
pub use error::ListError;
pub use list::{Category, Found, Hit, WordList};
pub use scorer::LexiconScorer;
