//! What each piece is made from, and how much work it is.

use std::collections::BTreeMap;

use protocol::study::{EvaluationSplit, PieceKind, Protocol, Regime, Strategy, StudySpec};
use protocol::training::SftSettings;
use scoring::flags;
use scoring::scorer::{Scorer, ScorerIdentity};
use serde::Serialize;

use super::directory::{Origin, StudyDirectory};
use super::error::StudyError;
use super::lab::{Lab, Request};
use super::piece::{ModelState, Piece, PromptSet, pieces};
use super::prompt::{completion_seed, prompt, prompt_id};
use super::sentences::Sentences;
use crate::store::Key;

/// Counts into every key: raised when the same inputs would give other results.
const VERSION: u32 = 1;
/// The same for how matrices are computed from what is stored.
const MATRICES: u32 = 4;

/// A study with everything that its pieces are made from.
pub struct Work<'s> {
    /// What it is to do.
    pub spec: &'s StudySpec,
    /// On what.
    pub sentences: &'s Sentences,
    /// With what.
    pub origin: &'s Origin,
    /// Scorers, in the specification's order.
    pub scorers: Vec<Box<dyn Scorer>>,
}

/// A prompt of a piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompted {
    /// Names it in results.
    pub id: String,
    /// With its template.
    pub prompt: String,
}

impl<'s> Work<'s> {
    /// Opens the scorers.
    ///
    /// # Errors
    /// [`StudyError::Scorer`].
    pub fn new(
        study: &'s StudyDirectory,
        sentences: &'s Sentences,
        origin: &'s Origin,
    ) -> Result<Self, StudyError> {
        Ok(Self {
            spec: study.spec(),
            sentences,
            origin,
            scorers: study.scorers()?,
        })
    }

    /// Training settings of a state: its seed in place of the specification's.
    pub fn training(&self, state: ModelState) -> SftSettings {
        let mut settings = SftSettings {
            seed: state.seed,
            ..self.spec.training.clone()
        };
        if self.spec.protocol == Protocol::AsPublished {
            // The authors' scripts: X-FT 10 epochs of 12 × 4, P-FT 15 of 12 × 4, M-FT 10 of 8 × 4
            // with longer texts.
            match state.strategy.regime() {
                Regime::Partial(_) => settings.epochs = settings.epochs * 3 / 2,
                Regime::Multilingual => {
                    settings.batch_size = 8;
                    settings.max_length = 512;
                }
                _ => {}
            }
        }
        settings
    }

    /// The prompts of a piece, in order.
    pub fn prompts(&self, strategy: Strategy, set: PromptSet) -> Vec<Prompted> {
        let sentences = self.sentences.prompts(set.split, set.language);
        sentences
            .into_iter()
            .map(|(number, sentence)| Prompted {
                id: prompt_id(set.split, set.language, number),
                prompt: prompt(self.spec, strategy, set.language, sentence),
            })
            .collect()
    }

    /// What a state is asked to continue: each prompt k times, one after the other.
    pub fn requests(&self, state: ModelState, set: PromptSet) -> Vec<Request> {
        let greedy = self.as_published_multilingual(state);
        let prompts = self.prompts(state.strategy, set);
        prompts
            .into_iter()
            .flat_map(|prompted| {
                (0..self.spec.generations).map(move |k| {
                    let seed = completion_seed(state.seed, &prompted.id, k);
                    let mut sampler = self.spec.sampler.with_seed(seed);
                    if greedy {
                        sampler.temperature = 0.0;
                    }
                    Request {
                        prompt: prompted.prompt.clone(),
                        sampler,
                    }
                })
            })
            .collect()
    }

    /// Most new tokens of a state's completions.
    pub fn max_new_tokens(&self, state: ModelState) -> usize {
        if self.as_published_multilingual(state) {
            2 * self.spec.max_new_tokens
        } else {
            self.spec.max_new_tokens
        }
    }

    /// The authors' M-FT script: twice the length, greedy, scored with its prompt.
    pub fn as_published_multilingual(&self, state: ModelState) -> bool {
        self.spec.protocol == Protocol::AsPublished && state.strategy == Strategy::Multilingual
    }

    /// The authors' P-FT and M-FT scripts: perplexity by the fine-tuned model itself.
    pub fn reads_itself(&self, state: ModelState) -> bool {
        self.spec.protocol == Protocol::AsPublished
            && matches!(
                state.strategy.regime(),
                Regime::Partial(_) | Regime::Multilingual
            )
    }

    /// What a piece was made from. The same key means the same result.
    ///
    /// # Errors
    /// Inputs that JSON cannot write, which there are none of.
    pub fn key(&self, piece: Piece) -> Result<Key, StudyError> {
        match piece {
            Piece::Train(state) => {
                let settings = SftSettings {
                    // How often a checkpoint is written changes nothing.
                    checkpoint_every: 1,
                    ..self.training(state)
                };
                let texts = self.sentences.training_texts(state.strategy);
                self.hash("train", &(&self.origin.model, texts, settings))
            }
            Piece::Generate(state, set) => {
                let requests: Vec<_> = self
                    .requests(state, set)
                    .into_iter()
                    .map(|request| (request.prompt, request.sampler))
                    .collect();
                let most = self.max_new_tokens(state);
                let inputs = (&self.origin.model, self.adapter_key(state)?, requests, most);
                self.hash("generate", &inputs)
            }
            Piece::Score(state, set) => {
                let generated = self.key(Piece::Generate(state, set))?;
                let identities: Vec<&ScorerIdentity> = self
                    .scorers
                    .iter()
                    .map(|scorer| scorer.identity())
                    .collect();
                let with_prompt = self.as_published_multilingual(state);
                let made = (generated, identities, flags::VERSION, with_prompt);
                self.hash("score", &made)
            }
            Piece::HeldOut(state, language) => {
                let texts = self.sentences.held_out(language);
                let inputs = (&self.origin.model, self.adapter_key(state)?, texts);
                self.hash("held-out", &inputs)
            }
            Piece::Conditional(state, set) => {
                let generated = self.key(Piece::Generate(state, set))?;
                let reader = match self.reads_itself(state) {
                    true => None,
                    false => Some(&self.origin.fixed),
                };
                let alone = self.spec.protocol == Protocol::AsPublished;
                self.hash("conditional", &(generated, reader, alone))
            }
            Piece::Matrices => {
                let keys = pieces(self.spec)
                    .into_iter()
                    .filter(|piece| *piece != Piece::Matrices)
                    .map(|piece| self.key(piece))
                    .collect::<Result<Vec<_>, _>>()?;
                self.hash("matrices", &(MATRICES, keys, self.spec.bootstrap))
            }
        }
        .map_err(|error| StudyError::Export(error.to_string()))
    }

    fn adapter_key(&self, state: ModelState) -> Result<Option<Key>, StudyError> {
        match state.strategy {
            Strategy::ZeroShot => Ok(None),
            _ => self.key(Piece::Train(state)).map(Some),
        }
    }

    fn hash(&self, kind: &str, inputs: &impl Serialize) -> Result<Key, serde_json::Error> {
        Key::of(&(VERSION, kind, inputs))
    }
}

/// How many tokens each piece handles.
pub struct Costs {
    units: BTreeMap<Piece, f64>,
    /// Tokens to train on, every epoch counted.
    pub train_tokens: u64,
    /// Most tokens to generate.
    pub generated_tokens: u64,
    /// Completions.
    pub completions: usize,
}

impl Costs {
    /// Of all pieces of a study.
    ///
    /// # Errors
    /// The tokenizer refuses a sentence.
    pub fn count(work: &Work<'_>, lab: &dyn Lab) -> Result<Self, StudyError> {
        let mut tokens: BTreeMap<String, usize> = BTreeMap::new();
        let mut count = |text: &str| -> Result<usize, StudyError> {
            if let Some(known) = tokens.get(text) {
                return Ok(*known);
            }
            let counted = lab.count_tokens(text)?;
            tokens.insert(text.to_owned(), counted);
            Ok(counted)
        };
        let mut costs = Self {
            units: BTreeMap::new(),
            train_tokens: 0,
            generated_tokens: 0,
            completions: 0,
        };
        for piece in pieces(work.spec) {
            let units = match piece {
                Piece::Train(state) => {
                    let settings = work.training(state);
                    let texts = work.sentences.training_texts(state.strategy);
                    let mut epoch = 0;
                    for text in &texts {
                        epoch += count(text)?.min(settings.max_length as usize);
                    }
                    let update = settings.batch_size * settings.gradient_accumulation;
                    let updates = texts.len().div_ceil(update.max(1) as usize) as f64
                        * f64::from(settings.epochs);
                    let share = settings
                        .max_steps
                        .map_or(1.0, |most| (most as f64 / updates).min(1.0));
                    let trained = (epoch as f64 * f64::from(settings.epochs) * share).round();
                    costs.train_tokens += trained as u64;
                    trained
                }
                Piece::Generate(state, set) => {
                    let most = work.max_new_tokens(state);
                    let mut units = 0.0;
                    for prompted in work.prompts(state.strategy, set) {
                        // Reading a prompt's token costs about a quarter of writing one.
                        let one = count(&prompted.prompt)? as f64 / 4.0 + most as f64;
                        units += one * work.spec.generations as f64;
                        costs.completions += work.spec.generations;
                        costs.generated_tokens += (most * work.spec.generations) as u64;
                    }
                    units
                }
                Piece::Score(_, set) => {
                    let prompts = work.sentences.prompts(set.split, set.language).len();
                    (prompts * work.spec.generations) as f64
                }
                Piece::HeldOut(_, language) => {
                    let mut units = 0;
                    for text in work.sentences.held_out(language) {
                        units += count(text)?;
                    }
                    units as f64
                }
                Piece::Conditional(state, set) => {
                    let most = work.max_new_tokens(state);
                    let mut units = 0;
                    for prompted in work.prompts(state.strategy, set) {
                        units += (count(&prompted.prompt)? + most) * work.spec.generations;
                    }
                    units as f64
                }
                Piece::Matrices => work.spec.bootstrap as f64,
            };
            costs.units.insert(piece, units);
        }
        Ok(costs)
    }

    /// Of one piece.
    pub fn of(&self, piece: Piece) -> f64 {
        self.units.get(&piece).copied().unwrap_or_default()
    }

    /// Of these pieces, by kind.
    pub fn by_kind(&self, pieces: &[Piece]) -> BTreeMap<PieceKind, f64> {
        let mut sums = BTreeMap::new();
        for piece in pieces {
            *sums.entry(piece.kind()).or_default() += self.of(*piece);
        }
        sums
    }
}

/// The split shown where none is asked for.
pub fn usual_split(spec: &StudySpec) -> Option<EvaluationSplit> {
    let usual = EvaluationSplit::ToxicTest;
    match spec.splits.contains_key(&usual) {
        true => Some(usual),
        false => spec.splits.keys().next().copied(),
    }
}
