//! The probe on disk: JSON, a number for each dimension of the model and one more.

use std::path::Path;

use protocol::language::Language;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ProbeError;
use crate::hub::{HubError, atomic};

/// Version of the layout.
pub const FORMAT: u32 = 1;

/// A trained probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeFile {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the program that trained it.
    pub version: String,
    /// Name or path of the model.
    pub model: String,
    /// SHA-256 of the model: the numbers mean nothing to another one.
    pub model_sha256: String,
    /// How the model's weights were kept in memory.
    pub model_weights: String,
    /// Languages of its training texts.
    pub languages: Vec<Language>,
    /// Data sets that it was trained on.
    pub sources: Vec<String>,
    /// Texts that it was trained on, toxic and clean.
    pub texts: (usize, usize),
    /// Pull of the weights towards zero, chosen by cross-validation.
    pub penalty: f64,
    /// Area under the curve in cross-validation, at that penalty.
    pub cross_validated_auc: f64,
    /// One number per dimension of the hidden state.
    pub weights: Vec<f32>,
    /// Added to their product.
    pub bias: f32,
}

impl ProbeFile {
    /// Reads a probe.
    ///
    /// # Errors
    /// [`ProbeError::NotTrained`] where there is no file, [`ProbeError::File`] for one that is no
    /// probe of this version.
    pub fn read(path: &Path) -> Result<Self, ProbeError> {
        let refused = |reason: String| ProbeError::File {
            path: path.to_owned(),
            reason,
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ProbeError::NotTrained(path.to_owned()));
            }
            Err(error) => return Err(refused(error.to_string())),
        };
        let probe: Self =
            serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        if probe.format != FORMAT {
            let format = probe.format;
            return Err(refused(format!(
                "format {format}, and this program reads {FORMAT}"
            )));
        }
        let finite = probe
            .weights
            .iter()
            .chain([&probe.bias])
            .all(|w| w.is_finite());
        if probe.weights.is_empty() || !finite {
            return Err(refused("its weights are no numbers".to_owned()));
        }
        Ok(probe)
    }

    /// Writes the probe, whole or not at all.
    ///
    /// # Errors
    /// [`HubError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), HubError> {
        atomic::write_json(path, self)
    }

    /// First twelve hexadecimal digits of the SHA-256 of what it scores with.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.model_sha256.as_bytes());
        for number in self.weights.iter().chain([&self.bias]) {
            digest.update(number.to_le_bytes());
        }
        let digest = digest.finalize();
        digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Probability that a text with this hidden state is toxic.
    pub fn probability(&self, state: &[f32]) -> f64 {
        let product: f64 = self
            .weights
            .iter()
            .zip(state)
            .map(|(weight, value)| f64::from(*weight) * f64::from(*value))
            .sum();
        1.0 / (1.0 + (-(product + f64::from(self.bias))).exp())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_comes_back_and_a_damaged_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/probe.json");
        assert!(matches!(
            ProbeFile::read(&path),
            Err(ProbeError::NotTrained(_))
        ));
        let probe = ProbeFile {
            format: FORMAT,
            version: "0".to_owned(),
            model: "tiny".to_owned(),
            model_sha256: "00".repeat(32),
            model_weights: "f32".to_owned(),
            languages: vec![Language::De],
            sources: vec!["multiparadetox".to_owned()],
            texts: (1, 2),
            penalty: 0.1,
            cross_validated_auc: 0.5,
            weights: vec![0.1, -2.0e-7, 3.3],
            bias: -0.7,
        };
        probe.write(&path).unwrap();
        let found = ProbeFile::read(&path).unwrap();
        assert_eq!(found, probe);
        assert_eq!(found.hash(), probe.hash());
        let even = found.probability(&[7.0, 0.0, 0.0]);
        assert!((even - 0.5).abs() < 1e-6, "{even}");

        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in [
            ("\"format\": 1", "\"format\": 2"),
            ("3.3", "1e999"),
            ("{", "["),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            assert!(
                matches!(ProbeFile::read(&path), Err(ProbeError::File { .. })),
                "{to}"
            );
        }
    }
}
