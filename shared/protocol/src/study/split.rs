//! The sets of prompts that a model is measured on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A side and a part of the parallel pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EvaluationSplit {
    /// Toxic sentences whose neutral twins were trained on.
    ToxicTrain,
    /// Toxic sentences that training has not seen.
    ToxicTest,
    /// Neutral sentences that training has not seen: what detoxification must not harm.
    NeutralTest,
}

impl EvaluationSplit {
    /// All of them.
    pub const ALL: [EvaluationSplit; 3] = [
        EvaluationSplit::ToxicTrain,
        EvaluationSplit::ToxicTest,
        EvaluationSplit::NeutralTest,
    ];

    /// `toxic-train`, `toxic-test`, `neutral-test`.
    pub fn name(self) -> &'static str {
        match self {
            EvaluationSplit::ToxicTrain => "toxic-train",
            EvaluationSplit::ToxicTest => "toxic-test",
            EvaluationSplit::NeutralTest => "neutral-test",
        }
    }
}

impl fmt::Display for EvaluationSplit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that is no split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no split `{0}`; known are toxic-train, toxic-test, neutral-test")]
pub struct UnknownSplit(pub String);

impl FromStr for EvaluationSplit {
    type Err = UnknownSplit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EvaluationSplit::ALL
            .into_iter()
            .find(|split| split.name() == text)
            .ok_or_else(|| UnknownSplit(text.to_owned()))
    }
}
