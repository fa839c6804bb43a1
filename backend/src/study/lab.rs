//! What a study asks of a model, so that its bookkeeping can be tested without one.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use protocol::generation::SamplerSettings;
use protocol::provenance::ModelProvenance;
use protocol::training::{SftSettings, TrainingEvent};
use serde::{Deserialize, Serialize};

use super::error::StudyError;

/// A prompt to continue.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The prompt with its template.
    pub prompt: String,
    /// How tokens are chosen, seed included.
    pub sampler: SamplerSettings,
}

/// What a model wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Without the prompt.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
}

/// A trained adapter, as files in PEFT's layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Text of `adapter_config.json`.
    pub config: String,
    /// Bytes of `adapter_model.safetensors`.
    pub tensors: Vec<u8>,
    /// Optimiser steps.
    pub steps: u64,
    /// Tokens trained on, every epoch counted.
    pub tokens: u64,
    /// Loss of the last step.
    pub final_loss: f64,
}

/// Which model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// The study's model, with the adapter in that directory.
    State(Option<PathBuf>),
    /// The study's fixed model.
    Fixed,
}

/// A text to read, and how much of its beginning only conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// What comes before; may be empty.
    pub prompt: String,
    /// What is measured.
    pub text: String,
}

/// How likely a model finds a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    /// Negative sum of the natural logarithms of the tokens' probabilities.
    pub nll: f64,
    /// Tokens of that sum.
    pub tokens: usize,
}

/// How fast a model is here, measured for a few seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Tokens a second that batched generation makes.
    pub generated: f64,
    /// Tokens a second that reading takes.
    pub read: f64,
}

/// Hears how many tokens were processed; `Break` stops the work.
pub type Progress<'p> = dyn FnMut(usize) -> ControlFlow<()> + 'p;
/// Hears of the training; `Break` stops it.
pub type TrainingProgress<'p> = dyn FnMut(&TrainingEvent) -> ControlFlow<()> + 'p;

/// A model at work. What is stopped gives `None`, and nothing of it is kept but a training's
/// checkpoints.
pub trait Lab {
    /// The model and where it runs.
    fn provenance(&self) -> &ModelProvenance;

    /// The fixed model that measures conditional perplexity.
    fn fixed_provenance(&self) -> &ModelProvenance;

    /// Tokens of a text.
    ///
    /// # Errors
    /// The tokenizer refuses it.
    fn count_tokens(&self, text: &str) -> Result<usize, StudyError>;

    /// Most memory that a study needs, in bytes, about.
    fn memory_bytes(&self) -> u64;

    /// How fast it is.
    ///
    /// # Errors
    /// The model cannot be run.
    fn measure(&mut self, prompts: &[String]) -> Result<Rates, StudyError>;

    /// Trains an adapter; goes on from `checkpoints` where it was stopped before.
    ///
    /// # Errors
    /// As the training.
    fn train(
        &mut self,
        texts: &[String],
        settings: &SftSettings,
        checkpoints: &Path,
        progress: &mut TrainingProgress<'_>,
    ) -> Result<Option<Trained>, StudyError>;

    /// Continues prompts, in batches; the result is in their order.
    ///
    /// # Errors
    /// The adapter or the model cannot be used.
    fn generate(
        &mut self,
        adapter: Option<&Path>,
        requests: &[Request],
        max_new_tokens: usize,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Vec<Completion>>, StudyError>;

    /// Reads passages; the result is in their order. A text of no tokens has none.
    ///
    /// # Errors
    /// The adapter or the model cannot be used.
    fn read(
        &mut self,
        reader: &Reader,
        passages: &[Passage],
        progress: &mut Progress<'_>,
    ) -> Result<Option<Vec<Likelihood>>, StudyError>;
}
