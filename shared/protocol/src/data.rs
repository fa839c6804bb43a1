//! `GET /api/data` and `GET /api/data/{name}/rows`: the data sets that the server has, what is in
//! them and what is wrong with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// Most rows in one response.
pub const ROWS_LIMIT: usize = 500;
/// Rows where the request does not say how many.
pub const ROWS_DEFAULT: usize = 50;

/// What a data set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Toxic sentences with their neutral twins, split into train and test.
    Pairs,
    /// Texts with labels.
    Labelled,
    /// Prompts for generation.
    Prompts,
    /// Sentences with their translations: clean everyday text.
    Retrieval,
    /// Word lists.
    Lexicon,
}

/// Part of the one split that every training regime uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// For training: 300 pairs per language of ParaDetox.
    Train,
    /// For testing: 100 pairs per language of ParaDetox.
    Test,
}

impl Split {
    /// Both, in the order in which they are shown.
    pub const ALL: [Split; 2] = [Split::Train, Split::Test];
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
        })
    }
}

/// The data sets of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataList {
    /// The embedded sample first, then those on disk in the order of the catalogue.
    pub sets: Vec<DataEntry>,
}

/// A data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataEntry {
    /// Name, as in `--data NAME` and in the address of its rows.
    pub name: String,
    /// What it holds.
    pub kind: DataKind,
    /// What it must not be used for, to be shown wherever the set is (the embedded sample: "sample:
    /// not for research").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Languages that it has texts of.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["ar", "de"])))]
    pub languages: Vec<Language>,
    /// How many texts there are, per language and part.
    pub counts: Vec<DataCount>,
    /// Licence.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// What is remarkable; nothing of it keeps the set from being used.
    pub warnings: Vec<DataWarning>,
    /// Why it cannot be used, with file and line; then it has no counts and no rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Texts of a language in a part of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataCount {
    /// Language.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// Part; absent where the set has no parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Toxic texts; of pairs as many as neutral ones.
    pub toxic: usize,
    /// Clean or neutral texts.
    pub clean: usize,
}

/// Something remarkable, with the places where it was seen and never the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataWarning {
    /// Language.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "de"))]
    pub language: Language,
    /// `duplicate`, `identical pair`, `wrong script`, `control character`, `bidi character`,
    /// `in train and test` or `near in train and test`.
    pub kind: String,
    /// How often.
    pub count: usize,
    /// The first places, such as `test line 7: as train line 12`.
    pub places: Vec<String>,
}

/// Which rows are asked for: the query of `GET /api/data/{name}/rows`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    /// Language.
    #[cfg_attr(feature = "openapi", param(value_type = String, example = "de"))]
    pub language: Language,
    /// Only this part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Rows to pass over.
    #[serde(default)]
    pub offset: usize,
    /// Rows wanted, at most 500; 50 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Rows of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataRows {
    /// All rows that the query fits, of which `rows` are some.
    pub total: usize,
    /// The rows from `offset` on.
    pub rows: Vec<DataRow>,
}

/// A pair, or one labelled text on the side that its label says. Toxic text is to be veiled until
/// the reader asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataRow {
    /// Line in its file, from 1; the toxic side's for pairs.
    pub line: u64,
    /// Part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The toxic text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxic: Option<String>,
    /// The neutral or clean text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neutral: Option<String>,
}
