//! The file that holds a trained model: a line of JSON that says what it is, then one byte per
//! bucket and language.

use protocol::language::Language;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::features::DENSE;

/// First bytes of the file.
const MAGIC: &[u8; 8] = b"PDXNGRM1";
/// A table has at most 2^22 buckets.
const BITS_LIMIT: u32 = 22;

/// Why bytes are no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtefactError {
    /// Another kind of file.
    #[error("not an ngram model: the first bytes are not `PDXNGRM1`")]
    Magic,
    /// The description is not what this version reads.
    #[error("the model's description: {0}")]
    Description(String),
    /// Cut off or with something behind.
    #[error("the model should be {expected} bytes long and has {found}")]
    Length {
        /// As the description says.
        expected: usize,
        /// As it is.
        found: usize,
    },
}

/// How many examples a source gave to one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// Language.
    pub language: Language,
    /// Name of the data set.
    pub source: String,
    /// Toxic examples.
    pub toxic: usize,
    /// Other examples.
    pub clean: usize,
}

/// What the model was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModelCard {
    /// Version of the model.
    pub version: String,
    /// Training data.
    pub sources: Vec<SourceCount>,
}

/// The table of one language, calibration included.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageModel {
    /// Language.
    pub language: Language,
    /// A weight for each bucket, in units of `step`.
    pub table: Vec<i8>,
    /// What one unit counts.
    pub step: f32,
    /// Weights of the features that are no hash.
    pub dense: [f32; DENSE],
    /// Logit of a text without features.
    pub bias: f32,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Where it comes from.
    pub card: ModelCard,
    /// Logarithm of the number of buckets.
    pub bits: u32,
    /// One table per language.
    pub languages: Vec<LanguageModel>,
}

#[derive(Serialize, Deserialize)]
struct Description {
    card: ModelCard,
    bits: u32,
    languages: Vec<Parameters>,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    language: Language,
    step: f32,
    dense: [f32; DENSE],
    bias: f32,
}

impl Model {
    /// The file's content.
    ///
    /// # Errors
    /// [`ArtefactError::Description`] if a number in it is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtefactError> {
        let description = Description {
            card: self.card.clone(),
            bits: self.bits,
            languages: self
                .languages
                .iter()
                .map(|model| Parameters {
                    language: model.language,
                    step: model.step,
                    dense: model.dense,
                    bias: model.bias,
                })
                .collect(),
        };
        let text = serde_json::to_string(&description)
            .map_err(|error| ArtefactError::Description(error.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        for model in &self.languages {
            bytes.extend(model.table.iter().map(|weight| weight.cast_unsigned()));
        }
        Ok(bytes)
    }

    /// Reads a file's content.
    ///
    /// # Errors
    /// As [`ArtefactError`] says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtefactError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArtefactError::Magic)?;
        let cut = |expected: usize| ArtefactError::Length {
            expected,
            found: bytes.len(),
        };
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut(12))?;
        let length = u32::from_le_bytes(*length) as usize;
        let text = rest.get(..length).ok_or(cut(12 + length))?;
        let description: Description = serde_json::from_slice(text)
            .map_err(|error| ArtefactError::Description(error.to_string()))?;
        if description.bits > BITS_LIMIT {
            let bits = description.bits;
            return Err(ArtefactError::Description(format!(
                "2^{bits} buckets are too many"
            )));
        }
        let buckets = 1_usize << description.bits;
        let tables = &rest[length..];
        if tables.len() != buckets * description.languages.len() {
            return Err(cut(12 + length + buckets * description.languages.len()));
        }
        let languages = description
            .languages
            .into_iter()
            .zip(tables.chunks_exact(buckets))
            .map(|(parameters, table)| LanguageModel {
                language: parameters.language,
                table: table.iter().map(|byte| byte.cast_signed()).collect(),
                step: parameters.step,
                dense: parameters.dense,
                bias: parameters.bias,
            })
            .collect();
        Ok(Self {
            card: description.card,
            bits: description.bits,
            languages,
        })
    }
}

/// The first twelve hexadecimal digits of the SHA-256 of a scorer's file.
pub fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model {
            card: ModelCard::default(),
            bits: 2,
            languages: vec![LanguageModel {
                language: Language::Hi,
                table: vec![1, -1, 127, -127],
                step: 0.5,
                dense: [0.25; DENSE],
                bias: -1.0,
            }],
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(
            Model::from_bytes(&model().to_bytes().unwrap()).unwrap(),
            model()
        );
    }

    #[test]
    fn no_cut_and_no_other_file_is_taken_for_a_model() {
        let bytes = model().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Model::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        assert_eq!(
            Model::from_bytes(b"GGUF and more"),
            Err(ArtefactError::Magic)
        );
        let large = String::from_utf8_lossy(&bytes).replace("\"bits\":2", "\"bits\":9");
        assert!(Model::from_bytes(large.as_bytes()).is_err());
    }
}
