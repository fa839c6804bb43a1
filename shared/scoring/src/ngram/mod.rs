//! The `ngram` scorer: a logistic model over hashed pieces of words, one table per language.

mod artefact;
mod features;
mod lbfgs;
mod quantise;
mod scorer;
mod train;

pub use artefact::{ArtefactError, LanguageModel, Model, ModelCard, SourceCount};
pub use features::{DENSE, Features, extract};
pub use lbfgs::minimise;
pub use scorer::NgramScorer;
pub use train::{Example, TrainOptions, TrainedLanguage, train_language};
