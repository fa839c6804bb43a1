//! Scoring with a trained probe.

use std::path::Path;

use protocol::language::Language;
use scoring::scorer::{Score, ScoreError, Scorer, ScorerIdentity};

use super::file::ProbeFile;
use super::states::{States, StatesThread};
use super::{ProbeError, default_path};

/// The probe with its model.
#[derive(Debug)]
pub struct ProbeScorer {
    identity: ScorerIdentity,
    probe: ProbeFile,
    states: StatesThread,
}

impl ProbeScorer {
    /// Opens the probe at `path`, or the one of the data directory, and the model that it
    /// belongs to.
    ///
    /// # Errors
    /// As [`ProbeError`] says.
    pub fn open(data_dir: &Path, path: Option<&Path>) -> Result<Self, ProbeError> {
        let path = path.map_or_else(|| default_path(data_dir), Path::to_owned);
        let probe = ProbeFile::read(&path)?;
        let states = States::open(data_dir, &probe.model)?;
        let found = &states.provenance.sha256;
        if *found != probe.model_sha256 || states.width() != probe.weights.len() {
            return Err(ProbeError::OtherModel {
                model: probe.model.clone(),
                trained: probe.model_sha256.clone(),
                found: format!("{found} ({} dimensions)", states.width()),
            });
        }
        Ok(Self {
            identity: ScorerIdentity {
                name: "probe".to_owned(),
                version: probe.version.clone(),
                hash: probe.hash(),
                languages: probe.languages.clone(),
            },
            probe,
            states: StatesThread::start(states)?,
        })
    }
}

impl Scorer for ProbeScorer {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    /// The probe has no reasons: every token has its part in the mean.
    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError> {
        if !self.identity.languages.contains(&language) {
            return Err(ScoreError::Language {
                scorer: self.identity.name.clone(),
                language,
                supported: self.identity.languages.clone(),
            });
        }
        let state = self.states.of(text).map_err(|error| ScoreError::Failed {
            scorer: self.identity.name.clone(),
            reason: error.to_string(),
        })?;
        Ok(Score {
            probability: self.probe.probability(&state),
            reasons: Vec::new(),
        })
    }

    fn trained_on(&self, source: &str) -> bool {
        self.probe.sources.iter().any(|name| name == source)
    }
}
