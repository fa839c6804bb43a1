//! Studies: a grid of what is trained in one language and measured in all, its progress, its
//! matrices and the texts behind them.

pub mod api;
pub mod event;
pub mod export;
pub mod matrix;
pub mod preset;
pub mod sample;
pub mod spec;
pub mod split;
pub mod status;
pub mod strategy;

pub use event::StudyEvent;
pub use export::{ScorerProvenance, StudyExport, StudyProvenance};
pub use matrix::{Counts, Estimate, MatrixRow, StudyCell, StudyMatrix, StudyMetric};
pub use preset::Preset;
pub use sample::{Sample, SampleText};
pub use spec::{
    DataSource, PerplexitySettings, Protocol, SpecError, StudySampler, StudySpec, Template,
};
pub use split::EvaluationSplit;
pub use status::{
    CurrentPiece, LossCurve, LossPoint, PieceCount, PieceKind, Shortfall, StudyPlan, StudyState,
    StudyStatus, StudySummary,
};
pub use strategy::{Regime, Strategy};
