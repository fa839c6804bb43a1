//! The native side of scoring: which scorer is meant, where its training data come from, how far
//! it can be trusted.

mod evaluation;
mod perspective;
mod plot;
pub mod probe;
mod registry;
mod speed;
mod training;

pub use evaluation::{
    CleanSource, Evaluation, LanguageEvaluation, SourceEvaluation, evaluate, table,
};
pub use perspective::{PerspectiveError, PerspectiveFile};
pub use plot::reliability_svg;
pub use registry::{SCORERS, ScorerChoice, open, open_in, open_ready};
pub use speed::sentences_per_second;
pub use training::{Training, TrainingError, TrainingStep, train};
