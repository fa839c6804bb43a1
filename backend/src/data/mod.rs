//! Text that comes from files of the user.

mod catalogue;
mod check;
mod corpus;
mod error;
mod examine;
mod format;
mod labelled;
mod library;
mod locate;
pub mod multiparadetox;
mod near;
pub mod parquet;
mod published_split;
pub mod pull;
mod rows;
mod texts;

pub use catalogue::{DATA_SETS, DataSet, Kind};
pub use check::{Finding, PairReport, check_pairs};
pub use corpus::{CorpusError, CorpusFile, corpus_files};
pub use error::{BadRow, BadRows, DataError, Place, Problems};
pub use examine::{Examiner, TextFinding, TextReport, around};
pub use format::Format;
pub use labelled::{Label, LabelledFile, LabelledText, TextColumn};
pub use library::{DataLibrary, RowsError, SAMPLE, SAMPLE_LICENCE, SAMPLE_SOURCE};
pub use locate::{locate, pulled};
pub use multiparadetox::{LanguagePairs, Pair, Split};
pub use near::{Likeness, NearIndex};
pub use rows::{ROW_LIMIT, Row, read};
pub use texts::TextFile;
