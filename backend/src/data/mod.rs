//! Text that comes from files of the user.

mod corpus;

pub use corpus::{CorpusError, CorpusFile, corpus_files};
