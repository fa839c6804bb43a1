//! What a running study reports: the events of `GET /api/studies/{name}/events` and of
//! `backend study run --json`.

use serde::{Deserialize, Serialize};

use super::status::{CurrentPiece, LossPoint, PieceCount, PieceKind, StudyPlan, StudyState};
use super::strategy::Strategy;

/// One report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StudyEvent {
    /// Before the first piece.
    Plan {
        /// What it will take.
        plan: StudyPlan,
    },
    /// How far it is; a few a second at most.
    Progress {
        /// What it is doing.
        state: StudyState,
        /// Pieces by kind.
        pieces: Vec<PieceCount>,
        /// What is being worked on.
        #[serde(default)]
        current: Option<CurrentPiece>,
        /// Tokens per second of the current piece.
        #[serde(default)]
        tokens_per_second: Option<f64>,
        /// Seconds of work so far.
        elapsed_seconds: f64,
        /// Seconds that are expected to be left.
        #[serde(default)]
        eta_seconds: Option<f64>,
    },
    /// An optimiser step of an adapter.
    Loss {
        /// The adapter's row.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        strategy: Strategy,
        /// Its seed.
        seed: u64,
        /// The step.
        point: LossPoint,
    },
    /// A piece has been stored.
    Stored {
        /// Its kind.
        kind: PieceKind,
        /// What it is.
        label: String,
        /// Seconds it took.
        seconds: f64,
    },
    /// A stored piece was damaged; it is done again.
    Damaged {
        /// Its file, below the study's directory.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The run ended; nothing follows.
    Ended {
        /// `finished`, `paused` or `failed`.
        state: StudyState,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
    },
}

impl StudyEvent {
    /// Its type, which is also the name of the server-sent event.
    pub fn name(&self) -> &'static str {
        match self {
            StudyEvent::Plan { .. } => "plan",
            StudyEvent::Progress { .. } => "progress",
            StudyEvent::Loss { .. } => "loss",
            StudyEvent::Stored { .. } => "stored",
            StudyEvent::Damaged { .. } => "damaged",
            StudyEvent::Ended { .. } => "ended",
        }
    }
}
