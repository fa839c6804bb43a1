//! Does what is missing of a study, piece by piece. Each is stored at once, so that whatever
//! happens at most one is lost; what is there is verified first and not repeated.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::adapter::BaseModel;
use protocol::study::{
    LossPoint, PieceCount, PieceKind, Protocol, Strategy, StudyEvent, StudyPlan, StudyState,
};
use protocol::training::TrainingEvent;

use super::adapter;
use super::clock;
use super::directory::{Origin, Progress, STATE, StudyDirectory};
use super::error::StudyError;
use super::lab::{Completion, Lab, Passage, Rates, Reader};
use super::piece::{ModelState, Piece, PromptSet, pieces};
use super::progress::{Observer, Teller};
use super::results;
use super::scored;
use super::sentences::Sentences;
use super::work::{Costs, Work};
use crate::adapters::Made;
use crate::store::{self, DirectoryLock, Key, StoreError};
use crate::training::TrainingError;

/// A training step costs about so many times a reading of the same tokens.
const TRAINING_COST: f64 = 3.5;
/// The fixed model is larger than the study's usual one, by about so much.
const FIXED_COST: f64 = 1.5;
/// Completions that are scored, and resamples that are drawn, in a second; a first guess.
const SCORED_RATE: f64 = 2_000.0;
const RESAMPLE_RATE: f64 = 100.0;
/// Between two looks whether to stop while scoring.
const SCORE_STEP: usize = 64;

/// Runs the study to its end, or until the observer stops it: `finished` or `paused`.
///
/// # Errors
/// What kept a piece from being done. Everything before it is stored.
pub fn run(
    study: &StudyDirectory,
    lab: &mut dyn Lab,
    observer: &mut dyn Observer,
) -> Result<StudyState, StudyError> {
    run_locked(study, study.lock()?, lab, observer)
}

/// As [`run`], with the study's lock taken already: whoever looks meanwhile sees that it runs.
///
/// # Errors
/// As [`run`].
pub fn run_locked(
    study: &StudyDirectory,
    lock: DirectoryLock,
    lab: &mut dyn Lab,
    observer: &mut dyn Observer,
) -> Result<StudyState, StudyError> {
    study.sweep()?;
    let mut progress = match study.progress() {
        // The pieces say by themselves what they were made from.
        Err(StudyError::Store(error @ StoreError::Damaged { .. })) => {
            observer.hear(&StudyEvent::Damaged {
                file: STATE.to_owned(),
                reason: error.to_string(),
            });
            Progress::default()
        }
        progress => progress?,
    };
    let ended = Run::prepare(study, lab, &mut progress)
        .and_then(|mut run| run.work(study, lab, &mut progress, observer));
    let (state, failure) = match &ended {
        Ok(state) => (*state, None),
        Err(error) => (StudyState::Failed, Some(error.to_string())),
    };
    let stored = match (&ended, progress.state) {
        // It failed before its first piece: what was finished still is.
        (Err(_), Some(StudyState::Finished)) => Ok(()),
        _ => {
            progress.state = Some(state);
            progress.failure.clone_from(&failure);
            study.write_progress(&progress)
        }
    };
    // Whoever hears that it has ended may begin again.
    drop(lock);
    observer.hear(&StudyEvent::Ended { state, failure });
    // The first error is the cause; that the state could not be stored may follow from it.
    let ended = ended?;
    stored?;
    Ok(ended)
}

/// What the pieces are made from, loaded.
struct Run {
    sentences: Sentences,
    origin: Origin,
}

impl Run {
    fn prepare(
        study: &StudyDirectory,
        lab: &dyn Lab,
        progress: &mut Progress,
    ) -> Result<Self, StudyError> {
        let sentences = Sentences::load(study.spec(), study.data())?;
        let origin = Origin {
            model: lab.provenance().clone(),
            fixed: lab.fixed_provenance().clone(),
            data_sha256: sentences.hash(),
        };
        match &progress.origin {
            Some(then) => unchanged(study, then, &origin)?,
            None => progress.origin = Some(origin.clone()),
        }
        Ok(Self { sentences, origin })
    }

    fn work(
        &mut self,
        study: &StudyDirectory,
        lab: &mut dyn Lab,
        progress: &mut Progress,
        observer: &mut dyn Observer,
    ) -> Result<StudyState, StudyError> {
        let work = Work::new(study, &self.sentences, &self.origin)?;
        let mut missing = Vec::new();
        for piece in pieces(study.spec()) {
            let key = work.key(piece)?;
            match results::there(study, piece, &key) {
                Ok(true) => {}
                Ok(false) => missing.push((piece, key)),
                Err(error @ StoreError::Damaged { .. }) => {
                    observer.hear(&StudyEvent::Damaged {
                        file: piece.place().display().to_string(),
                        reason: error.to_string(),
                    });
                    missing.push((piece, key));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if missing.is_empty() {
            return Ok(StudyState::Finished);
        }
        for scorer in &work.scorers {
            scorer
                .ready()
                .map_err(|error| StudyError::Scorer(error.to_string()))?;
        }
        let costs = Costs::count(&work, lab)?;
        let left: Vec<Piece> = missing.iter().map(|(piece, _)| *piece).collect();
        let guesses = guess(&work, lab)?;
        let (plan, guesses) = plan(&work, &costs, &left, progress, guesses, lab);
        observer.hear(&StudyEvent::Plan { plan: plan.clone() });
        progress.plan.get_or_insert(plan);
        progress.state = Some(StudyState::Running);
        progress.failure = None;
        study.write_progress(progress)?;
        let mut teller = Teller::new(
            observer,
            study.path(),
            counts(study, &left),
            progress.rates.clone(),
            guesses,
            costs.by_kind(&left),
            progress.elapsed_seconds,
        );
        for (piece, key) in missing {
            teller.begin(piece, costs.of(piece));
            let mut doing = Doing {
                study,
                work: &work,
                lab,
                teller: &mut teller,
                progress,
            };
            let done = doing.piece(piece, &key);
            progress.elapsed_seconds = teller.elapsed();
            progress.rates.clone_from(&teller.rates);
            if done?.is_break() {
                return Ok(StudyState::Paused);
            }
            study.write_progress(progress)?;
        }
        Ok(StudyState::Finished)
    }
}

/// Pieces by kind: what is not to be done is done.
fn counts(study: &StudyDirectory, left: &[Piece]) -> Vec<PieceCount> {
    let mut counts = study.counts();
    for count in &mut counts {
        let of_kind = left.iter().filter(|piece| piece.kind() == count.kind);
        count.done = count.total - of_kind.count();
    }
    counts
}

/// A study keeps to what it began with: results of two models or devices are not one study's.
fn unchanged(study: &StudyDirectory, then: &Origin, now: &Origin) -> Result<(), StudyError> {
    let changed = |what, then: &str, now: &str| {
        Err(StudyError::Changed {
            name: study.spec().name.clone(),
            what,
            then: then.to_owned(),
            now: now.to_owned(),
        })
    };
    let fixed = ("the perplexity model", &then.fixed, &now.fixed);
    let fixed = study.spec().perplexity.conditional.then_some(fixed);
    for (what, then, now) in [("the model", &then.model, &now.model)]
        .into_iter()
        .chain(fixed)
    {
        if then.sha256 != now.sha256 {
            let title = |of: &protocol::provenance::ModelProvenance| {
                format!("{} ({})", of.model, of.sha256.get(..12).unwrap_or_default())
            };
            return changed(what, &title(then), &title(now));
        }
    }
    if then.model.device != now.model.device {
        return changed("the device", &then.model.device, &now.model.device);
    }
    if then.model.weights != now.model.weights {
        return changed("the weights", &then.model.weights, &now.model.weights);
    }
    if then.model.version != now.model.version {
        return changed("version", &then.model.version, &now.model.version);
    }
    if then.data_sha256 != now.data_sha256 {
        return changed("the sentences", &then.data_sha256, &now.data_sha256);
    }
    Ok(())
}

/// A few seconds' measurement.
fn guess(work: &Work<'_>, lab: &mut dyn Lab) -> Result<Rates, StudyError> {
    let state = ModelState {
        strategy: Strategy::ZeroShot,
        seed: 0,
    };
    // One of each language: their sentences differ in length.
    let prompts: Vec<String> = super::piece::prompt_sets(work.spec)
        .into_iter()
        .filter_map(|set| work.prompts(state.strategy, set).into_iter().next())
        .map(|prompted| prompted.prompt)
        .collect();
    lab.measure(&prompts)
}

fn plan(
    work: &Work<'_>,
    costs: &Costs,
    left: &[Piece],
    progress: &Progress,
    rates: Rates,
    lab: &dyn Lab,
) -> (StudyPlan, BTreeMap<PieceKind, f64>) {
    let same = lab.provenance().sha256 == lab.fixed_provenance().sha256;
    let guesses = BTreeMap::from([
        (PieceKind::Train, rates.read / TRAINING_COST),
        (PieceKind::Generate, rates.generated),
        (PieceKind::Score, SCORED_RATE),
        (
            PieceKind::Perplexity,
            rates.read / if same { 1.0 } else { FIXED_COST },
        ),
        (PieceKind::Matrix, RESAMPLE_RATE),
    ]);
    let mut seconds = 0.0;
    for (kind, units) in costs.by_kind(left) {
        let known = progress.rates.get(&kind).filter(|rate| rate.1 > 0.0);
        let rate = known.map_or_else(
            || guesses.get(&kind).copied().unwrap_or(1.0),
            |(units, seconds)| units / seconds,
        );
        seconds += units / rate;
    }
    let estimated_from = if progress.rates.is_empty() {
        format!(
            "a short measurement: {:.0} tokens/s written in batches, {:.0} read",
            rates.generated, rates.read
        )
    } else {
        "what this study has taken so far".to_owned()
    };
    let plan = StudyPlan {
        cells: work.spec.cells(),
        pieces: left.len(),
        completions: costs.completions,
        train_tokens: costs.train_tokens,
        generated_tokens: costs.generated_tokens,
        seconds,
        estimated_from,
        memory_bytes: lab.memory_bytes(),
        shortfalls: work.sentences.shortfalls(),
    };
    (plan, guesses)
}

/// One piece being done.
struct Doing<'d, 'o> {
    study: &'d StudyDirectory,
    work: &'d Work<'d>,
    lab: &'d mut dyn Lab,
    teller: &'d mut Teller<'o>,
    progress: &'d mut Progress,
}

impl Doing<'_, '_> {
    fn piece(&mut self, piece: Piece, key: &Key) -> Result<ControlFlow<()>, StudyError> {
        match piece {
            Piece::Train(state) => self.train(piece, state, key),
            Piece::Generate(state, set) => self.generate(piece, state, set, key),
            Piece::Score(state, set) => self.score(piece, state, set, key),
            Piece::HeldOut(state, language) => {
                let passages = self
                    .work
                    .sentences
                    .held_out(language)
                    .into_iter()
                    .map(|text| Passage {
                        prompt: String::new(),
                        text: text.to_owned(),
                    })
                    .collect();
                let reader = Reader::State(self.adapter(state));
                self.read(piece, &reader, passages, key)
            }
            Piece::Conditional(state, set) => {
                let completions = self.completions(state, set)?;
                // The authors measure the text alone.
                let alone = self.work.spec.protocol == Protocol::AsPublished;
                let passages = self
                    .work
                    .requests(state, set)
                    .into_iter()
                    .zip(completions)
                    .map(|(request, completion)| Passage {
                        prompt: if alone { String::new() } else { request.prompt },
                        text: completion.text,
                    })
                    .collect();
                let reader = if self.work.reads_itself(state) {
                    Reader::State(self.adapter(state))
                } else {
                    Reader::Fixed
                };
                self.read(piece, &reader, passages, key)
            }
            Piece::Matrices => self.matrices(piece, key),
        }
    }

    /// The directory of a state's adapter; ZS has none.
    fn adapter(&self, state: ModelState) -> Option<std::path::PathBuf> {
        (state.strategy != Strategy::ZeroShot).then(|| self.study.place(Piece::Train(state)))
    }

    fn completions(
        &self,
        state: ModelState,
        set: PromptSet,
    ) -> Result<Vec<Completion>, StudyError> {
        let piece = Piece::Generate(state, set);
        results::stored(self.study, self.work, piece)
    }

    fn train(
        &mut self,
        piece: Piece,
        state: ModelState,
        key: &Key,
    ) -> Result<ControlFlow<()>, StudyError> {
        let texts = self.work.sentences.training_texts(state.strategy);
        let settings = self.work.training(state);
        let checkpoints = self.study.checkpoints(piece);
        let mut fresh = false;
        loop {
            let (mut before, mut whole) = (0, true);
            let teller = &mut *self.teller;
            let trained =
                self.lab
                    .train(&texts, &settings, &checkpoints, &mut |event| match event {
                        TrainingEvent::Started { resumed_at, .. } => {
                            whole = *resumed_at == 0;
                            if !whole {
                                teller.resume(state, adapter::earlier(&checkpoints, *resumed_at));
                            }
                            ControlFlow::Continue(())
                        }
                        TrainingEvent::Step {
                            step,
                            steps,
                            loss,
                            tokens,
                            ..
                        } => {
                            let point = LossPoint {
                                step: usize::try_from(*step).unwrap_or(usize::MAX),
                                loss: *loss,
                            };
                            teller.loss(state, point);
                            let new = tokens.saturating_sub(before);
                            before = *tokens;
                            let new = usize::try_from(new).unwrap_or_default();
                            teller.advance(*step as f64 / (*steps).max(1) as f64, new)
                        }
                        TrainingEvent::Checkpoint { .. } => {
                            adapter::remember(&checkpoints, &teller.so_far());
                            ControlFlow::Continue(())
                        }
                        _ => ControlFlow::Continue(()),
                    });
            let trained = match trained {
                Ok(Some(trained)) => trained,
                Ok(None) => return Ok(ControlFlow::Break(())),
                // A checkpoint that was cut short by a power failure, or is of an older version:
                // once from the beginning.
                Err(StudyError::Training(
                    error @ (TrainingError::Checkpoint { .. } | TrainingError::OtherRun(_)),
                )) if !fresh => {
                    fresh = true;
                    self.teller.tell(&StudyEvent::Damaged {
                        file: piece.place().display().to_string(),
                        reason: error.to_string(),
                    });
                    adapter::clear(&checkpoints)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let losses = self.teller.losses();
            let seconds = self.teller.stored(whole);
            let place = self.study.place(piece);
            let made = Made {
                base_model: BaseModel::from(&self.work.origin.model),
                origin: format!("study {}", self.study.spec().name),
                training: serde_json::to_value(&settings).ok(),
            };
            adapter::store(&place, key, &trained, made, seconds, losses)?;
            adapter::clear(&checkpoints)?;
            return Ok(ControlFlow::Continue(()));
        }
    }

    fn generate(
        &mut self,
        piece: Piece,
        state: ModelState,
        set: PromptSet,
        key: &Key,
    ) -> Result<ControlFlow<()>, StudyError> {
        let requests = self.work.requests(state, set);
        let most = self.work.max_new_tokens(state);
        let all = (requests.len() * most).max(1);
        let adapter = self.adapter(state);
        let mut done = 0;
        let teller = &mut *self.teller;
        let completions =
            self.lab
                .generate(adapter.as_deref(), &requests, most, &mut |tokens| {
                    done += tokens;
                    teller.advance(done as f64 / all as f64, tokens)
                })?;
        let Some(completions) = completions else {
            return Ok(ControlFlow::Break(()));
        };
        self.store(piece, key, &completions)
    }

    fn score(
        &mut self,
        piece: Piece,
        state: ModelState,
        set: PromptSet,
        key: &Key,
    ) -> Result<ControlFlow<()>, StudyError> {
        let completions = self.completions(state, set)?;
        let requests = self.work.requests(state, set);
        let with_prompt = self.work.as_published_multilingual(state);
        let mut scores = Vec::with_capacity(completions.len());
        for (at, (completion, request)) in completions.iter().zip(&requests).enumerate() {
            let scored = match with_prompt {
                true => format!("{}{}", request.prompt, completion.text),
                false => completion.text.clone(),
            };
            let language = set.language;
            scores.push(
                scored::score(&self.work.scorers, &completion.text, &scored, language)
                    .map_err(|error| StudyError::Scorer(error.to_string()))?,
            );
            if at % SCORE_STEP == SCORE_STEP - 1
                && self
                    .teller
                    .advance(at as f64 / completions.len() as f64, 0)
                    .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.store(piece, key, &scores)
    }

    fn read(
        &mut self,
        piece: Piece,
        reader: &Reader,
        passages: Vec<Passage>,
        key: &Key,
    ) -> Result<ControlFlow<()>, StudyError> {
        let count = passages.len().max(1);
        let teller = &mut *self.teller;
        let mut batches = 0;
        let read = self.lab.read(reader, &passages, &mut |tokens| {
            batches += 1;
            teller.advance(
                (batches * super::engine_lab::READ_BATCH) as f64 / count as f64,
                tokens,
            )
        })?;
        let Some(read) = read else {
            return Ok(ControlFlow::Break(()));
        };
        self.store(piece, key, &read)
    }

    fn matrices(&mut self, piece: Piece, key: &Key) -> Result<ControlFlow<()>, StudyError> {
        self.progress.elapsed_seconds = self.teller.elapsed();
        let finished = clock::utc(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or(Duration::ZERO),
        );
        self.progress.finished = Some(finished);
        let export = results::assemble(self.study, self.work, self.progress)?;
        self.store(piece, key, &[export])
    }

    fn store<T: serde::Serialize>(
        &mut self,
        piece: Piece,
        key: &Key,
        items: &[T],
    ) -> Result<ControlFlow<()>, StudyError> {
        store::write_lines(&self.study.place(piece), key, items)?;
        self.teller.stored(true);
        // Asked here too, so that a study of short pieces can be stopped.
        Ok(self.teller.pace())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::path::Path;

    use protocol::provenance::ModelProvenance;
    use protocol::study::{PerplexitySettings, Preset, Regime, StudySpec};
    use protocol::training::SftSettings;

    use super::super::lab::{self, Likelihood, Request, Trained, TrainingProgress};
    use super::*;

    /// A model that always writes the same, where it does not fail.
    struct Parrot {
        provenance: ModelProvenance,
    }

    impl Lab for Parrot {
        fn provenance(&self) -> &ModelProvenance {
            &self.provenance
        }

        fn fixed_provenance(&self) -> &ModelProvenance {
            &self.provenance
        }

        fn count_tokens(&self, text: &str) -> Result<usize, StudyError> {
            Ok(text.len())
        }

        fn memory_bytes(&self) -> u64 {
            0
        }

        fn measure(&mut self, _: &[String]) -> Result<Rates, StudyError> {
            Ok(Rates {
                generated: 1.0,
                read: 1.0,
            })
        }

        fn train(
            &mut self,
            _: &[String],
            _: &SftSettings,
            _: &Path,
            _: &mut TrainingProgress<'_>,
        ) -> Result<Option<Trained>, StudyError> {
            Ok(None)
        }

        fn generate(
            &mut self,
            _: Option<&Path>,
            requests: &[Request],
            _: usize,
            _: &mut lab::Progress<'_>,
        ) -> Result<Option<Vec<Completion>>, StudyError> {
            let parrot = |_: &Request| Completion {
                text: "was für ein schöner Tag".into(),
                tokens: vec![1, 2, 3],
            };
            Ok(Some(requests.iter().map(parrot).collect()))
        }

        fn read(
            &mut self,
            _: &Reader,
            _: &[Passage],
            _: &mut lab::Progress<'_>,
        ) -> Result<Option<Vec<Likelihood>>, StudyError> {
            Ok(None)
        }
    }

    #[derive(Default)]
    struct Ear(Vec<StudyEvent>);

    impl Observer for Ear {
        fn hear(&mut self, event: &StudyEvent) {
            self.0.push(event.clone());
        }

        fn pace(&mut self, _: bool) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    impl Ear {
        fn heard(&self, name: &str) -> usize {
            self.0.iter().filter(|event| event.name() == name).count()
        }
    }

    #[test]
    fn what_is_finished_is_neither_done_again_nor_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let spec = StudySpec {
            strategies: vec![Regime::ZeroShot],
            scorers: vec!["lexicon".into()],
            perplexity: PerplexitySettings {
                conditional: false,
                held_out: false,
                model: None,
            },
            ..Preset::Sample.spec("m")
        };
        let study = StudyDirectory::create(&home.path().join("s"), &spec, None).unwrap();
        let mut parrot = Parrot {
            provenance: ModelProvenance {
                model: "m".into(),
                sha256: "0".into(),
                weights: String::new(),
                device: "cpu".into(),
                version: "1".into(),
                adapter: None,
            },
        };
        let mut ear = Ear::default();
        let ended = run(&study, &mut parrot, &mut ear).unwrap();
        assert_eq!(ended, StudyState::Finished);
        assert_eq!(ear.heard("stored"), pieces(&spec).len());
        // Its state can no longer be read, its pieces can.
        std::fs::write(study.path().join(STATE), r#"{"state": 7}"#).unwrap();
        let mut ear = Ear::default();
        let ended = run(&study, &mut parrot, &mut ear).unwrap();
        assert_eq!(ended, StudyState::Finished);
        assert_eq!((ear.heard("damaged"), ear.heard("stored")), (1, 0));
        // Another model cannot go on with it, and changes nothing.
        let finished = study.progress().unwrap();
        assert_eq!(finished.state, Some(StudyState::Finished));
        parrot.provenance.sha256 = "1".into();
        let mut ear = Ear::default();
        assert!(run(&study, &mut parrot, &mut ear).is_err());
        assert_eq!(ear.heard("ended"), 1);
        assert_eq!(study.progress().unwrap(), finished);
    }
}
