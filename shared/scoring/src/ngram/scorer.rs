//! Scores with a trained model.

use std::cell::RefCell;
use std::sync::OnceLock;

use protocol::evaluation::Evaluation;
use protocol::language::Language;

use super::artefact::{ArtefactError, LanguageModel, Model, ModelCard, short_hash};
use super::features::{DENSE, Features, Place, Workspace};
use crate::normalise::{Normalised, normalise_into};
use crate::scorer::{Reason, Score, ScoreError, Scorer, ScorerIdentity, unsupported};

/// The model that comes with the program.
static EMBEDDED: &[u8] = include_bytes!("model.bin");
/// What `backend scorer eval --json --no-texts` says of that model.
static EVALUATION: &str = include_str!("evaluation.json");
/// Reasons that are given.
const REASONS: usize = 3;
/// Less than this adds nothing worth telling.
const SMALLEST_REASON: f64 = 0.1;

/// How far the model that comes with the program can be trusted.
///
/// # Errors
/// The program was built with a broken file.
pub fn evaluation() -> Result<Evaluation, serde_json::Error> {
    serde_json::from_str(EVALUATION)
}

/// The scorer `ngram`.
#[derive(Debug, Clone)]
pub struct NgramScorer {
    identity: ScorerIdentity,
    model: Model,
}

impl NgramScorer {
    /// The one that comes with the program.
    ///
    /// # Errors
    /// [`ArtefactError`] if the program was built with a broken file.
    pub fn embedded() -> Result<&'static Self, ArtefactError> {
        static SCORER: OnceLock<Result<NgramScorer, ArtefactError>> = OnceLock::new();
        SCORER
            .get_or_init(|| Self::from_bytes(EMBEDDED))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A trained model's file.
    ///
    /// # Errors
    /// As [`ArtefactError`] says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtefactError> {
        let model = Model::from_bytes(bytes)?;
        Ok(Self {
            identity: ScorerIdentity {
                name: "ngram".to_owned(),
                version: model.card.version.clone(),
                hash: short_hash(bytes),
                languages: model.languages.iter().map(|one| one.language).collect(),
            },
            model,
        })
    }

    /// What it was trained on.
    pub fn card(&self) -> &ModelCard {
        &self.model.card
    }

    fn language(&self, language: Language) -> Result<&LanguageModel, ScoreError> {
        self.model
            .languages
            .iter()
            .find(|model| model.language == language)
            .ok_or_else(|| unsupported(&self.identity, language))
    }
}

thread_local! {
    /// Most of the time for a short text would else go into buffers.
    static BUFFERS: RefCell<(Normalised, Workspace)> = RefCell::default();
}

impl Scorer for NgramScorer {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError> {
        let model = self.language(language)?;
        BUFFERS.with_borrow_mut(|(normalised, workspace)| {
            normalise_into(text, normalised);
            let mut words = Words::new(normalised.len());
            let features =
                workspace.extract(normalised, language, self.model.bits, |bucket, place| {
                    words.add(f32::from(model.table[bucket as usize]), place);
                });
            let unit = f64::from(model.step) * f64::from(features.value);
            Ok(Score {
                probability: sigmoid(model.logit(features)),
                reasons: words.reasons(text, normalised, unit),
            })
        })
    }

    fn probability(&self, text: &str, language: Language) -> Result<f64, ScoreError> {
        let model = self.language(language)?;
        BUFFERS.with_borrow_mut(|(normalised, workspace)| {
            normalise_into(text, normalised);
            let features = workspace.extract(normalised, language, self.model.bits, |_, _| {});
            Ok(sigmoid(model.logit(features)))
        })
    }

    fn trained_on(&self, source: &str) -> bool {
        self.model
            .card
            .sources
            .iter()
            .any(|one| one.source == source)
    }
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

impl LanguageModel {
    fn logit(&self, features: &Features) -> f64 {
        // A bucket is below 2^bits, which is the length of the table.
        let (pieces, context) = features.buckets.split_at(features.context);
        let sum = |buckets: &[u32]| -> f64 {
            let units: i32 = buckets
                .iter()
                .map(|&bucket| i32::from(self.table[bucket as usize]))
                .sum();
            f64::from(units) * f64::from(self.step)
        };
        let dense: f64 = (0..DENSE)
            .map(|index| f64::from(features.dense[index] * self.dense[index]))
            .sum();
        f64::from(features.value) * sum(pieces)
            + f64::from(features.context_value) * sum(context)
            + dense
            + f64::from(self.bias)
    }
}

/// What each word adds, and its strongest piece.
struct Words(Vec<(f32, f32, Place)>);

impl Words {
    fn new(count: usize) -> Self {
        let nothing = Place {
            token: 0,
            start: 0,
            length: 0,
        };
        Self(vec![(0.0, 0.0, nothing); count])
    }

    fn add(&mut self, weight: f32, place: Place) {
        if let Some((sum, strongest, at)) = self.0.get_mut(place.token as usize) {
            *sum += weight;
            if weight > *strongest {
                (*strongest, *at) = (weight, place);
            }
        }
    }

    /// The words that add most; of Chinese runs the strongest piece.
    fn reasons(self, text: &str, normalised: &Normalised, unit: f64) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self
            .0
            .into_iter()
            .zip(normalised.words())
            .filter_map(|((sum, strongest, place), word)| {
                let (weight, spans) = if word.is_han && place.length > 0 {
                    let start = usize::from(place.start);
                    let end = start + usize::from(place.length);
                    (strongest, word.spans.get(start..end)?)
                } else {
                    (sum, word.spans)
                };
                let weight = f64::from(weight) * unit;
                let (start, end) = (spans.first()?.0, spans.last()?.1);
                (weight >= SMALLEST_REASON).then(|| Reason {
                    start,
                    end,
                    text: text.get(start..end).unwrap_or_default().to_owned(),
                    weight,
                })
            })
            .collect();
        reasons.sort_by(|left, right| right.weight.total_cmp(&left.weight));
        reasons.truncate(REASONS);
        reasons
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_evaluation_is_that_of_the_model() {
        let scorer = NgramScorer::embedded().unwrap();
        assert_eq!(evaluation().unwrap().scorer, scorer.identity().clone());
    }

    #[test]
    fn the_short_way_gives_the_same_probability() {
        let scorer = NgramScorer::embedded().unwrap();
        for language in Language::ALL {
            for pair in crate::sample::pairs(language) {
                let long = scorer.score(&pair.toxic, language).unwrap().probability;
                let short = scorer.probability(&pair.toxic, language).unwrap();
                assert_eq!(long.to_bits(), short.to_bits());
            }
        }
    }
}
