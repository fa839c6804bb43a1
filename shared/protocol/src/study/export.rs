//! A finished study in one self-contained file.

use serde::{Deserialize, Serialize};

use super::matrix::StudyMatrix;
use super::sample::Sample;
use super::spec::StudySpec;
use super::status::LossCurve;
use super::strategy::Strategy;
use crate::provenance::ModelProvenance;

/// Layout of the file.
pub const EXPORT_FORMAT: u32 = 1;

/// A scorer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScorerProvenance {
    /// Its name.
    pub name: String,
    /// Version of its data.
    pub version: String,
    /// First twelve hexadecimal digits of the SHA-256 of what it scores with.
    pub hash: String,
    /// It was made from the data set that this study measures on.
    pub trained_on_this_data: bool,
}

/// An adapter as it was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdapterProvenance {
    /// Its row.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub strategy: Strategy,
    /// Its seed.
    pub seed: u64,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// Optimiser steps.
    pub steps: usize,
    /// Tokens trained on, every epoch counted.
    pub tokens: u64,
    /// Loss of the last step.
    pub final_loss: f64,
    /// Seconds it took.
    pub seconds: f64,
}

/// What a study's numbers come from: enough to produce them again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyProvenance {
    /// The model, its device, the program's version.
    pub model: ModelProvenance,
    /// SHA-256 of the specification without name and title.
    pub spec_sha256: String,
    /// Where the sentences come from.
    pub data: String,
    /// SHA-256 of all sentences that the study uses.
    pub data_sha256: String,
    /// The scorers.
    pub scorers: Vec<ScorerProvenance>,
    /// The model that measured conditional perplexity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity_model: Option<ModelProvenance>,
    /// The adapters.
    pub adapters: Vec<AdapterProvenance>,
    /// Seconds of work, over all runs.
    pub seconds: f64,
    /// When it was finished, as `2026-11-21T12:34:56Z`.
    pub finished: String,
}

/// Everything but the texts, of which it has a selection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyExport {
    /// [`EXPORT_FORMAT`].
    pub format: u32,
    /// Label that must stand wherever its numbers show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What was to be done.
    pub spec: StudySpec,
    /// What it comes from.
    pub provenance: StudyProvenance,
    /// All matrices.
    pub matrices: Vec<StudyMatrix>,
    /// How the trainings went, thinned.
    #[serde(default)]
    pub losses: Vec<LossCurve>,
    /// A selection of texts.
    #[serde(default)]
    pub samples: Vec<Sample>,
}
