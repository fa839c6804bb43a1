//! The results of a study: assembled from what is stored, and read again.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::language::Language;
use protocol::study::export::{AdapterProvenance, EXPORT_FORMAT};
use protocol::study::{
    EvaluationSplit, LossCurve, Sample, SampleText, ScorerProvenance, Strategy, StudyExport,
    StudyMatrix, StudyMetric, StudyProvenance, StudySpec, StudyState,
};
use serde::de::DeserializeOwned;

use super::adapter;
use super::directory::{Progress, StudyDirectory};
use super::error::StudyError;
use super::lab::{Completion, Likelihood};
use super::matrices;
use super::observations::{Measured, Stored};
use super::piece::{ModelState, Piece, PromptSet, pieces, states};
use super::scored::Scored;
use super::sentences::Sentences;
use super::work::{Work, usual_split};
use crate::store::{self, Key, StoreError};

/// The items of a piece that must be there.
///
/// # Errors
/// It is not, or it is damaged.
pub fn stored<T: DeserializeOwned>(
    study: &StudyDirectory,
    work: &Work<'_>,
    piece: Piece,
) -> Result<Vec<T>, StudyError> {
    let place = study.place(piece);
    store::read_lines(&place, &work.key(piece)?)?.ok_or_else(|| {
        StudyError::Store(StoreError::Damaged {
            path: place,
            reason: "it has gone, or was made from something else".into(),
        })
    })
}

/// Reads everything that is there; what is missing is left out, and with `work` what was made from
/// something else.
///
/// # Errors
/// Something damaged.
pub fn read(study: &StudyDirectory, work: Option<&Work<'_>>) -> Result<Stored, StudyError> {
    let mut found = Stored::default();
    for piece in pieces(study.spec()) {
        let place = study.place(piece);
        if !place.is_file() {
            continue;
        }
        let key = work.map(|work| work.key(piece)).transpose()?;
        match piece {
            Piece::Generate(state, set) => {
                if let Some(items) = items(&place, key.as_ref())? {
                    found.completions.insert((state, set), items);
                }
            }
            Piece::Score(state, set) => {
                if let Some(items) = items(&place, key.as_ref())? {
                    found.scores.insert((state, set), items);
                }
            }
            Piece::Conditional(state, set) => {
                if let Some(items) = items(&place, key.as_ref())? {
                    found.conditional.insert((state, set), items);
                }
            }
            Piece::HeldOut(state, language) => {
                if let Some(items) = items(&place, key.as_ref())? {
                    found.held_out.insert((state, language), items);
                }
            }
            Piece::Train(_) | Piece::Matrices => {}
        }
    }
    Ok(found)
}

/// Whether the piece is stored, whole, and made from the same.
pub(super) fn there(study: &StudyDirectory, piece: Piece, key: &Key) -> Result<bool, StoreError> {
    let place = study.place(piece);
    match piece {
        Piece::Train(_) => adapter::verify(&place, key),
        Piece::Generate(..) => Ok(store::read_lines::<Completion>(&place, key)?.is_some()),
        Piece::Score(..) => Ok(store::read_lines::<Scored>(&place, key)?.is_some()),
        Piece::HeldOut(..) | Piece::Conditional(..) => {
            Ok(store::read_lines::<Likelihood>(&place, key)?.is_some())
        }
        Piece::Matrices => Ok(store::read_lines::<StudyExport>(&place, key)?.is_some()),
    }
}

/// Pieces of an unfinished study that are stored, but were made from something else, as by an
/// earlier version or another scorer: they are left out of its results.
///
/// # Errors
/// The sentences have gone.
pub fn outdated(study: &StudyDirectory) -> Result<usize, StudyError> {
    let progress = study.progress()?;
    let finished = progress.state == Some(StudyState::Finished);
    let Some(origin) = progress.origin.filter(|_| !finished) else {
        return Ok(0);
    };
    let sentences = Sentences::load(study.spec(), study.data())?;
    let work = Work::new(study, &sentences, &origin)?;
    let mut outdated = 0;
    for piece in pieces(study.spec()) {
        let is_file = study.place(piece).is_file();
        let fitting = there(study, piece, &work.key(piece)?);
        outdated += usize::from(is_file && matches!(fitting, Ok(false)));
    }
    Ok(outdated)
}

fn items<T: DeserializeOwned>(
    place: &Path,
    key: Option<&Key>,
) -> Result<Option<Vec<T>>, StoreError> {
    match key {
        Some(key) => store::read_lines(place, key),
        None => store::read_as_written(place),
    }
}

/// The whole study in one: matrices and what they come from. No texts.
///
/// # Errors
/// Something is damaged.
pub fn assemble(
    study: &StudyDirectory,
    work: &Work<'_>,
    progress: &Progress,
) -> Result<StudyExport, StudyError> {
    let spec = study.spec();
    let found = read(study, Some(work))?;
    let mut adapters = Vec::new();
    let mut losses = Vec::new();
    for state in states(spec) {
        let Some(record) = study.adapter_record(Piece::Train(state))? else {
            continue;
        };
        adapters.push(AdapterProvenance {
            strategy: state.strategy,
            seed: state.seed,
            sha256: record.sha256,
            steps: usize::try_from(record.steps).unwrap_or(usize::MAX),
            tokens: record.tokens,
            final_loss: record.final_loss,
            seconds: record.seconds,
        });
        losses.push(LossCurve {
            strategy: state.strategy,
            seed: state.seed,
            points: record.losses,
        });
    }
    let mut anonymous = spec.clone();
    anonymous.name.clear();
    anonymous.title.clear();
    let spec_sha256 = store::Key::of(&anonymous)
        .map_err(|error| StudyError::Export(error.to_string()))?
        .to_string();
    Ok(StudyExport {
        format: EXPORT_FORMAT,
        label: super::label(spec),
        spec: spec.clone(),
        provenance: StudyProvenance {
            model: work.origin.model.clone(),
            spec_sha256,
            data: work.sentences.title(),
            data_sha256: work.origin.data_sha256.clone(),
            scorers: work
                .scorers
                .iter()
                .map(|scorer| {
                    let identity = scorer.identity();
                    ScorerProvenance {
                        name: identity.name.clone(),
                        version: identity.version.clone(),
                        hash: identity.hash.clone(),
                        trained_on_this_data: scorer.trained_on("multiparadetox"),
                    }
                })
                .collect(),
            perplexity_model: spec
                .perplexity
                .conditional
                .then(|| work.origin.fixed.clone()),
            adapters,
            seconds: progress.elapsed_seconds,
            finished: progress.finished.clone().unwrap_or_default(),
        },
        matrices: matrices::all(spec, &found)?,
        losses,
        samples: Vec::new(),
    })
}

/// A study's stored texts with everything that is needed to show them.
pub struct Texts {
    stored: Stored,
    prompts: BTreeMap<(Strategy, PromptSet), Vec<(String, String)>>,
    generations: usize,
}

impl Texts {
    /// Reads what is there.
    ///
    /// # Errors
    /// The sentences have gone, or something is damaged.
    pub fn read(study: &StudyDirectory) -> Result<Self, StudyError> {
        let sentences = Sentences::load(study.spec(), study.data())?;
        let progress = study.progress()?;
        let origin = progress.origin.ok_or_else(|| no_results(study))?;
        let work = Work::new(study, &sentences, &origin)?;
        // As the results beside them: those of a finished study are what they were.
        let fitting = (progress.state != Some(StudyState::Finished)).then_some(&work);
        let stored = read(study, fitting)?;
        let mut prompts = BTreeMap::new();
        for (state, set) in stored.completions.keys() {
            prompts.entry((state.strategy, *set)).or_insert_with(|| {
                let all = work.prompts(state.strategy, *set).into_iter();
                all.map(|one| (one.id, one.prompt)).collect()
            });
        }
        Ok(Self {
            stored,
            prompts,
            generations: study.spec().generations,
        })
    }

    /// The samples behind a cell; none where one side is not stored yet.
    pub fn samples(
        &self,
        strategy: Strategy,
        seed: u64,
        split: EvaluationSplit,
        language: Language,
    ) -> Vec<Sample> {
        let set = PromptSet { split, language };
        let state = |strategy| ModelState { strategy, seed };
        let (before, after) = (state(Strategy::ZeroShot), state(strategy));
        let Some(prompts) = self.prompts.get(&(strategy, set)) else {
            return Vec::new();
        };
        let k = self.generations;
        let one = |at: usize, (id, prompt): &(String, String)| {
            (0..k)
                .filter_map(|number| {
                    Some(Sample {
                        prompt_id: id.clone(),
                        language,
                        split,
                        strategy,
                        seed,
                        k: number,
                        prompt: prompt.clone(),
                        before: self.text(before, set, at * k + number)?,
                        after: self.text(after, set, at * k + number)?,
                    })
                })
                .collect::<Vec<_>>()
        };
        prompts
            .iter()
            .enumerate()
            .flat_map(|(at, prompt)| one(at, prompt))
            .collect()
    }

    fn text(&self, state: ModelState, set: PromptSet, at: usize) -> Option<SampleText> {
        let key = (state, set);
        let completion: &Completion = self.stored.completions.get(&key)?.get(at)?;
        let scored: &Scored = self.stored.scores.get(&key)?.get(at)?;
        let read: Option<&Likelihood> = self
            .stored
            .conditional
            .get(&key)
            .and_then(|all| all.get(at));
        Some(SampleText {
            text: completion.text.clone(),
            scores: scored.scores.clone(),
            perplexity: read
                .filter(|read| read.tokens > 0)
                .map(|read| (read.nll / read.tokens as f64).exp()),
            language: scored.language.clone(),
            empty: scored.empty,
            refusal: scored.refusal,
            drift: scored.drift,
            repetition: scored.repetition,
        })
    }
}

/// The results of a study: those that were stored at its end, or of an unfinished one what there
/// is so far.
///
/// # Errors
/// It has not begun, or something is damaged.
pub fn current(study: &StudyDirectory) -> Result<StudyExport, StudyError> {
    let progress = study.progress()?;
    if let Some(export) = as_written(study, &progress)? {
        return Ok(export);
    }
    let origin = progress.origin.clone().ok_or_else(|| no_results(study))?;
    let sentences = Sentences::load(study.spec(), study.data())?;
    let work = Work::new(study, &sentences, &origin)?;
    let place = study.place(Piece::Matrices);
    let whole = match store::read_lines::<StudyExport>(&place, &work.key(Piece::Matrices)?) {
        // What it was put together from is still there.
        Err(StoreError::Damaged { .. }) => None,
        whole => whole?,
    };
    match whole.and_then(|mut exports| exports.pop()) {
        Some(export) => Ok(export),
        None => assemble(study, &work, &progress),
    }
}

/// The results of a finished study as they were stored, whatever has become since of the scorers
/// and of the sentences that they were made from.
fn as_written(
    study: &StudyDirectory,
    progress: &Progress,
) -> Result<Option<StudyExport>, StudyError> {
    if progress.state != Some(StudyState::Finished) {
        return Ok(None);
    }
    match store::read_as_written::<StudyExport>(&study.place(Piece::Matrices)) {
        Ok(exports) => Ok(exports
            .and_then(|mut exports| exports.pop())
            .filter(|export| export.format == EXPORT_FORMAT)),
        // Perhaps of an older layout: the pieces are still there, and what is damaged is found
        // where they are put together.
        Err(StoreError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Which matrix is meant. Without a scorer, the study's first; without a split, toxic-test or else
/// its first.
///
/// # Errors
/// [`StudyError::NoMatrix`], which says what there is.
pub fn meant(
    spec: &StudySpec,
    metric: StudyMetric,
    scorer: Option<&str>,
    split: Option<EvaluationSplit>,
) -> Result<Measured, StudyError> {
    let scorer = match metric.by_scorer() {
        true => scorer.or(spec.scorers.first().map(String::as_str)),
        false => None,
    };
    let split = match metric.by_split() {
        true => split.or(usual_split(spec)),
        false => None,
    };
    let wanted = Measured {
        metric,
        scorer: scorer.map(str::to_owned),
        split,
    };
    let known = matrices::measured(spec);
    if known.contains(&wanted) {
        return Ok(wanted);
    }
    let mut metrics: Vec<&str> = known.iter().map(|one| one.metric.name()).collect();
    metrics.dedup();
    let splits: Vec<&str> = spec.splits.keys().map(|split| split.name()).collect();
    Err(StudyError::NoMatrix {
        name: spec.name.clone(),
        reason: format!(
            "it has {} by {} in {}",
            metrics.join(", "),
            spec.scorers.join(", "),
            splits.join(", ")
        ),
    })
}

/// One matrix of an export.
///
/// # Errors
/// As [`meant`].
pub fn matrix_of<'e>(
    export: &'e StudyExport,
    metric: StudyMetric,
    scorer: Option<&str>,
    split: Option<EvaluationSplit>,
) -> Result<&'e StudyMatrix, StudyError> {
    found_in(export, &meant(&export.spec, metric, scorer, split)?)
}

fn found_in<'e>(export: &'e StudyExport, wanted: &Measured) -> Result<&'e StudyMatrix, StudyError> {
    let found = export.matrices.iter().find(|matrix| {
        (matrix.metric, &matrix.scorer, matrix.split)
            == (wanted.metric, &wanted.scorer, wanted.split)
    });
    found.ok_or_else(|| StudyError::NoMatrix {
        name: export.spec.name.clone(),
        reason: "its export does not hold it".to_owned(),
    })
}

/// One matrix of a study on disk: as it was stored at the end, or of what there is so far.
///
/// # Errors
/// As [`current`] and [`meant`].
pub fn matrix(study: &StudyDirectory, wanted: &Measured) -> Result<StudyMatrix, StudyError> {
    let progress = study.progress()?;
    if let Some(export) = as_written(study, &progress)? {
        return found_in(&export, wanted).cloned();
    }
    // Not all of them, as `current` does: a page asks for one again and again while a study runs.
    let origin = progress.origin.clone().ok_or_else(|| no_results(study))?;
    let sentences = Sentences::load(study.spec(), study.data())?;
    let work = Work::new(study, &sentences, &origin)?;
    Ok(matrices::matrix(
        study.spec(),
        &read(study, Some(&work))?,
        wanted,
    ))
}

fn no_results(study: &StudyDirectory) -> StudyError {
    let counts = study.counts();
    StudyError::NoResults {
        name: study.spec().name.clone(),
        done: counts.iter().map(|count| count.done).sum(),
        total: counts.iter().map(|count| count.total).sum(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use protocol::provenance::ModelProvenance;
    use protocol::study::Preset;

    use super::*;
    use crate::study::directory::Origin;

    #[test]
    fn results_of_a_finished_study_stay_as_they_were_written() {
        let home = tempfile::tempdir().unwrap();
        // Its data directory has gone, and its key is of other scorers.
        let spec = Preset::Quick.spec("m");
        let study = StudyDirectory::create(&home.path().join("quick"), &spec, None).unwrap();
        let model: ModelProvenance = serde_json::from_value(serde_json::json!({
            "model": "m", "sha256": "", "weights": "", "device": "cpu", "version": "0",
        }))
        .unwrap();
        let matrix = StudyMatrix {
            metric: StudyMetric::Empty,
            scorer: None,
            split: usual_split(&spec),
            columns: Vec::new(),
            rows: Vec::new(),
            column_averages: Vec::new(),
        };
        let export = StudyExport {
            format: EXPORT_FORMAT,
            label: None,
            spec: spec.clone(),
            provenance: StudyProvenance {
                model: model.clone(),
                spec_sha256: String::new(),
                data: String::new(),
                data_sha256: String::new(),
                scorers: Vec::new(),
                perplexity_model: None,
                adapters: Vec::new(),
                seconds: 1.0,
                finished: String::new(),
            },
            matrices: vec![matrix.clone()],
            losses: Vec::new(),
            samples: Vec::new(),
        };
        let key = Key::of(&"an earlier version").unwrap();
        let place = study.place(Piece::Matrices);
        store::write_lines(&place, &key, std::slice::from_ref(&export)).unwrap();
        let mut progress = Progress {
            state: Some(StudyState::Finished),
            origin: Some(Origin {
                fixed: model.clone(),
                model,
                data_sha256: String::new(),
            }),
            ..Progress::default()
        };
        study.write_progress(&progress).unwrap();
        assert_eq!(current(&study).unwrap(), export);
        let wanted = meant(&spec, StudyMetric::Empty, None, None).unwrap();
        assert_eq!(super::matrix(&study, &wanted).unwrap(), matrix);
        let other = meant(&spec, StudyMetric::Drift, None, None).unwrap();
        assert!(super::matrix(&study, &other).is_err());
        // While it is made anew, what there is so far counts, which cannot be had here.
        progress.state = Some(StudyState::Running);
        study.write_progress(&progress).unwrap();
        assert!(current(&study).is_err());
    }
}
