//! The `ngram` scorer: a logistic model over hashed pieces of words, one table per language.

mod artefact;
mod features;
mod groups;
mod hash;
mod lbfgs;
mod marks;
mod quantise;
mod scorer;
mod train;

pub use artefact::{ArtefactError, LanguageModel, Model, ModelCard, SourceCount};
pub use features::{DENSE, Features, Place, Workspace};
pub use hash::Hash;
pub use lbfgs::minimise;
pub use scorer::{NgramScorer, evaluation};
pub use train::{Example, TrainOptions, TrainedLanguage, fold_of, train_language};
