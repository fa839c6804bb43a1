//! Scoring with a trained probe.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use protocol::language::Language;
use scoring::scorer::{Score, ScoreError, Scorer, ScorerIdentity};

use super::file::ProbeFile;
use super::states::{States, StatesThread};
use super::{ProbeError, default_path};

/// The probe; its model is read when the first text comes.
#[derive(Debug)]
pub struct ProbeScorer {
    identity: ScorerIdentity,
    probe: ProbeFile,
    data_dir: PathBuf,
    states: Mutex<Option<StatesThread>>,
}

impl ProbeScorer {
    /// Opens the probe at `path`, or the one of the data directory, where also the model is that
    /// it belongs to.
    ///
    /// # Errors
    /// As [`ProbeError`] says of the file.
    pub fn open(data_dir: &Path, path: Option<&Path>) -> Result<Self, ProbeError> {
        let path = path.map_or_else(|| default_path(data_dir), Path::to_owned);
        let probe = ProbeFile::read(&path)?;
        Ok(Self {
            identity: ScorerIdentity {
                name: "probe".to_owned(),
                version: probe.version.clone(),
                hash: probe.hash(),
                languages: probe.languages.clone(),
            },
            probe,
            data_dir: data_dir.to_owned(),
            states: Mutex::default(),
        })
    }

    fn states(&self) -> Result<StatesThread, ProbeError> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = &*states {
            return Ok(there.clone());
        }
        Ok(states.insert(self.read_model()?).clone())
    }

    fn read_model(&self) -> Result<StatesThread, ProbeError> {
        let states = States::open(&self.data_dir, &self.probe.model)?;
        let found = &states.provenance.sha256;
        if *found != self.probe.model_sha256 || states.width() != self.probe.weights.len() {
            return Err(ProbeError::OtherModel {
                model: self.probe.model.clone(),
                trained: self.probe.model_sha256.clone(),
                found: format!("{found} ({} dimensions)", states.width()),
            });
        }
        StatesThread::start(states)
    }

    fn failed(&self, error: &ProbeError) -> ScoreError {
        ScoreError::Failed {
            scorer: self.identity.name.clone(),
            reason: error.to_string(),
        }
    }
}

impl Scorer for ProbeScorer {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    fn ready(&self) -> Result<(), ScoreError> {
        self.states()
            .map(|_| ())
            .map_err(|error| self.failed(&error))
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
        let state = self
            .states()
            .and_then(|states| states.of(text))
            .map_err(|error| self.failed(&error))?;
        Ok(Score {
            probability: self.probe.probability(&state),
            reasons: Vec::new(),
        })
    }

    fn trained_on(&self, source: &str) -> bool {
        self.probe.sources.iter().any(|name| name == source)
    }
}
