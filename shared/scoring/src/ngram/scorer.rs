//! Scores with a trained model.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use protocol::language::Language;

use super::artefact::{ArtefactError, LanguageModel, Model, ModelCard, short_hash};
use super::features::{DENSE, Features, extract};
use crate::normalise::{Normalised, normalise};
use crate::scorer::{Reason, Score, ScoreError, Scorer, ScorerIdentity, unsupported};

/// The model that comes with the program.
static EMBEDDED: &[u8] = include_bytes!("model.bin");
/// Reasons that are given.
const REASONS: usize = 3;
/// Less than this adds nothing worth telling.
const SMALLEST_REASON: f64 = 0.1;

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
}

impl Scorer for NgramScorer {
    fn identity(&self) -> &ScorerIdentity {
        &self.identity
    }

    fn score(&self, text: &str, language: Language) -> Result<Score, ScoreError> {
        let model = self
            .model
            .languages
            .iter()
            .find(|model| model.language == language)
            .ok_or_else(|| unsupported(&self.identity, language))?;
        let normalised = normalise(text);
        let features = extract(&normalised, language, self.model.bits);
        let logit = model.logit(&features);
        Ok(Score {
            probability: 1.0 / (1.0 + (-logit).exp()),
            reasons: reasons(text, &normalised, model, &features),
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

impl LanguageModel {
    fn logit(&self, features: &Features) -> f64 {
        // A bucket is below 2^bits, which is the length of the table.
        let sum: i64 = features
            .buckets
            .iter()
            .map(|&bucket| i64::from(self.table[bucket as usize]))
            .sum();
        let dense: f64 = (0..DENSE)
            .map(|index| f64::from(features.dense[index] * self.dense[index]))
            .sum();
        sum as f64 * f64::from(self.step) * f64::from(features.value) + dense + f64::from(self.bias)
    }
}

/// The words that add most; of Chinese runs the strongest piece.
fn reasons(
    text: &str,
    normalised: &Normalised,
    model: &LanguageModel,
    features: &Features,
) -> Vec<Reason> {
    let unit = f64::from(model.step) * f64::from(features.value);
    // For each token the sum, and the strongest piece with its place.
    let mut sums: BTreeMap<u32, (f64, f64, (u16, u16))> = BTreeMap::new();
    for (bucket, place) in features.buckets.iter().zip(&features.places) {
        let weight = f64::from(model.table[*bucket as usize]) * unit;
        let entry = sums.entry(place.token).or_insert((0.0, 0.0, (0, 0)));
        entry.0 += weight;
        if weight > entry.1 {
            (entry.1, entry.2) = (weight, (place.start, place.length));
        }
    }
    let mut reasons: Vec<Reason> = sums
        .into_iter()
        .filter_map(|(token, (sum, strongest, (start, length)))| {
            let token = normalised.tokens.get(token as usize)?;
            let (weight, spans) = if token.is_han() {
                let start = usize::from(start);
                (
                    strongest,
                    token.spans.get(start..start + usize::from(length))?,
                )
            } else {
                (sum, token.spans.as_slice())
            };
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
