//! Requests and responses of `/api/studies`.

use serde::{Deserialize, Serialize};

use super::matrix::{StudyMatrix, StudyMetric};
use super::preset::Preset;
use super::sample::Sample;
use super::spec::StudySpec;
use super::split::EvaluationSplit;
use super::status::StudySummary;
use super::strategy::Strategy;
use crate::language::Language;

/// Most samples of one page.
pub const SAMPLES_LIMIT: usize = 200;

/// `GET /api/studies`: newest first, those that come with the program last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudyList {
    /// The studies.
    pub studies: Vec<StudySummary>,
}

/// A preset with its specification, for forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PresetEntry {
    /// Which.
    pub preset: Preset,
    /// What it is, in a sentence.
    pub about: String,
    /// What it asks for.
    pub spec: StudySpec,
}

/// `GET /api/studies/presets`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PresetList {
    /// The presets.
    pub presets: Vec<PresetEntry>,
}

/// `POST /api/studies`: a new study, not yet begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewStudy {
    /// What it is to do.
    pub spec: StudySpec,
    /// Begin at once.
    #[serde(default)]
    pub run: bool,
}

/// Query of `GET /api/studies/{name}/matrix`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct MatrixQuery {
    /// What the cells measure; `toxicity` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<StudyMetric>,
    /// Scorer; the study's first if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// Split; `toxic-test`, or else the study's first, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<EvaluationSplit>,
}

/// A matrix and which others there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatrixResponse {
    /// The study.
    pub study: StudySummary,
    /// The matrix. Of a study that is not finished it has the cells that are.
    pub matrix: StudyMatrix,
    /// Metrics of this study.
    pub metrics: Vec<StudyMetric>,
    /// Scorers of this study.
    pub scorers: Vec<String>,
    /// Splits of this study.
    pub splits: Vec<EvaluationSplit>,
}

/// How samples are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SampleOrder {
    /// As the prompts stand in the split.
    #[default]
    Prompt,
    /// Those that became less toxic first.
    Better,
    /// Those that became more toxic first.
    Worse,
    /// The most toxic after fine-tuning first.
    Toxic,
}

/// Query of `GET /api/studies/{name}/samples`. Without a language all of them, without a strategy
/// all rows but ZS: a cell, a row or a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct SampleQuery {
    /// Row, as in `x-ft-de`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub strategy: Option<Strategy>,
    /// Column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub language: Option<Language>,
    /// Split; `toxic-test`, or else the study's first, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<EvaluationSplit>,
    /// Scorer to sort by; the study's first if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// Order.
    pub sort: SampleOrder,
    /// Samples to pass over.
    pub offset: usize,
    /// Samples to give; 50 if 0, at most [`SAMPLES_LIMIT`].
    pub limit: usize,
}

/// Some of the samples behind a cell, a row or a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SamplePage {
    /// In the order asked for.
    pub samples: Vec<Sample>,
    /// All that there are.
    pub total: usize,
    /// The study has only a selection of its texts.
    pub selection: bool,
}

/// What `GET /api/studies/{name}/export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Every cell of every matrix, one a line.
    Csv,
    /// The whole study: [`super::StudyExport`].
    Json,
    /// One matrix for LaTeX (booktabs).
    Latex,
    /// One matrix as a picture.
    Svg,
    /// The same picture in pixels.
    Png,
    /// All generations and scores.
    Parquet,
}

/// Query of `GET /api/studies/{name}/export`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// What to write.
    pub format: ExportFormat,
    /// As in [`MatrixQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<StudyMetric>,
    /// As in [`MatrixQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer: Option<String>,
    /// As in [`MatrixQuery`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<EvaluationSplit>,
    /// Absolute values instead of Δ.
    #[serde(default)]
    pub absolute: bool,
}
