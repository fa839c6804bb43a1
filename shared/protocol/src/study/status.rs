//! How far a study is.

use serde::{Deserialize, Serialize};

use super::spec::StudySpec;
use super::strategy::Strategy;

/// What a study is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StudyState {
    /// Nothing is done yet.
    New,
    /// Some process works on it.
    Running,
    /// Its user stopped it; `study run` continues.
    Paused,
    /// Its process ended without saying so; `study run` continues.
    Interrupted,
    /// Everything is done.
    Finished,
    /// A piece could not be done.
    Failed,
}

/// A kind of piece, in the order in which they depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PieceKind {
    /// An adapter.
    Train,
    /// The completions of one state of the model in one language and split.
    Generate,
    /// Their scores and flags.
    Score,
    /// Perplexities: of completions, or of a state of the model on held-out text.
    Perplexity,
    /// The matrices.
    Matrix,
}

impl PieceKind {
    /// All of them.
    pub const ALL: [PieceKind; 5] = [
        PieceKind::Train,
        PieceKind::Generate,
        PieceKind::Score,
        PieceKind::Perplexity,
        PieceKind::Matrix,
    ];

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            PieceKind::Train => "train",
            PieceKind::Generate => "generate",
            PieceKind::Score => "score",
            PieceKind::Perplexity => "perplexity",
            PieceKind::Matrix => "matrix",
        }
    }
}

/// Pieces of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PieceCount {
    /// The kind.
    pub kind: PieceKind,
    /// Pieces that are stored.
    pub done: usize,
    /// All of them.
    pub total: usize,
}

/// What is being worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurrentPiece {
    /// Its kind.
    pub kind: PieceKind,
    /// What it is, as in `x-ft-de · seed 42 · toxic-test · zh`.
    pub label: String,
    /// How much of it is done, 0 to 1.
    pub fraction: f64,
}

/// What has to be done and what it will take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyPlan {
    /// Rows × seeds × languages × splits.
    pub cells: usize,
    /// Pieces of all kinds.
    pub pieces: usize,
    /// Prompts of all cells, each as often as it is continued.
    pub completions: usize,
    /// Tokens to train on, every epoch counted.
    pub train_tokens: u64,
    /// Most tokens to generate.
    pub generated_tokens: u64,
    /// Seconds that what is left is expected to take.
    pub seconds: f64,
    /// What that expectation rests on.
    pub estimated_from: String,
    /// Most memory it is expected to take, in bytes.
    pub memory_bytes: u64,
    /// What it asks more of than the data have; it goes on with what there is.
    #[serde(default)]
    pub shortfalls: Vec<Shortfall>,
}

/// Sentences that a study asks for and the data do not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shortfall {
    /// Which: training sentences, or the prompts of a split.
    pub sentences: String,
    /// How many are asked for in each language.
    pub asked: usize,
    /// How many the language with fewest has.
    pub available: usize,
}

impl std::fmt::Display for Shortfall {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} {} asked for, {} there",
            self.asked, self.sentences, self.available
        )
    }
}

/// One optimiser step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LossPoint {
    /// Which, from 1.
    pub step: usize,
    /// Mean cross-entropy per token, in nats.
    pub loss: f64,
}

/// How the training of one adapter went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LossCurve {
    /// The adapter's row.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// Its seed.
    pub seed: u64,
    /// Its steps; a long training is thinned.
    pub points: Vec<LossPoint>,
}

/// A study in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudySummary {
    /// Its name.
    pub name: String,
    /// What it is, for people.
    pub title: String,
    /// Label that must stand wherever its numbers show, as that of the embedded sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its model.
    pub model: String,
    /// What it is doing.
    pub state: StudyState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// It came with the program: it has results, and cannot be run.
    pub read_only: bool,
    /// Pieces that are stored.
    pub done: usize,
    /// All pieces.
    pub total: usize,
    /// When it last changed, seconds since 1970 (UTC); 0 where that is not known.
    pub changed: u64,
}

/// A study in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyStatus {
    /// As in the list.
    pub summary: StudySummary,
    /// What it is to do.
    pub spec: StudySpec,
    /// Pieces by kind.
    pub pieces: Vec<PieceCount>,
    /// What is being worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentPiece>,
    /// Tokens per second of the current piece, trained or generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Seconds of work so far, over all its runs.
    pub elapsed_seconds: f64,
    /// Seconds that are expected to be left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<f64>,
    /// Training of each adapter so far.
    pub losses: Vec<LossCurve>,
    /// What was expected before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<StudyPlan>,
}
