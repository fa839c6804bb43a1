//! The measurements themselves. The tokens are made up, by the same rule as in the other programs'
//! scripts, so that all do the same work.

use std::time::Instant;

use engine::Model;
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt};
use engine::measure::likelihood::token_log_likelihood;
use engine::runner::{Chunk, Runner};
use pollster::block_on;
use protocol::training::BasePrecision;
use serde::Serialize;

use super::{process, training};
use crate::cli::Failure;
use crate::executor::ModelReader;
use crate::hub::ResolvedModel;

/// Tokens of the prompt before decoding.
const PROMPT: usize = 32;
/// Tokens that warm the pass up.
const WARM: usize = 16;

/// What one measurement gave.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// Tokens that were processed, where that is what counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<usize>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_probability_sum: Option<f64>,
    /// Of the first update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) loss: Option<f64>,
    /// Largest resident memory of the process until now, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_rss: Option<u64>,
}

/// A loaded model and when its loading began.
pub struct Bench {
    start: Instant,
    model: Model,
    device: String,
}

impl Bench {
    /// Reads the model; the clock of `first_token` starts here.
    pub fn load(reader: &ModelReader, resolved: &ResolvedModel) -> Result<Self, Failure> {
        let start = Instant::now();
        let (model, provenance) = reader.read(resolved)?;
        Ok(Self {
            start,
            model,
            device: provenance.device,
        })
    }

    /// What it runs on.
    pub fn device(&self) -> &str {
        &self.device
    }

    fn token(&self, position: usize, sequence: usize) -> u32 {
        let token = 1000 + (position * 7919 + sequence * 104_729) % 40_000;
        (token % self.model.vocabulary_size()) as u32
    }

    fn tokens(&self, length: usize, sequence: usize) -> Vec<u32> {
        (0..length)
            .map(|position| self.token(position, sequence))
            .collect()
    }

    /// From opening the file to the first token.
    pub fn first_token(&self) -> Result<Figure, Failure> {
        let mut generator = self.generator(1, 1)?;
        while generator.running() > 0 {
            step(&mut generator)?;
        }
        Ok(Figure {
            tokens: None,
            seconds: self.start.elapsed().as_secs_f64(),
            cpu_seconds: None,
            log_probability_sum: None,
            loss: None,
            peak_rss: process::peak_rss(),
        })
    }

    /// `sequences` that grow together by `new_tokens`.
    pub fn decode(&self, sequences: usize, new_tokens: usize) -> Result<Figure, Failure> {
        // The prompts' step also gives each sequence its first token.
        let mut generator = self.generator(sequences, new_tokens + 1)?;
        step(&mut generator)?;
        let clock = Clock::start();
        let mut tokens = 0;
        while generator.running() > 0 {
            tokens += step(&mut generator)?;
        }
        Ok(clock.stop(tokens))
    }

    /// One prompt, and the logits after it.
    pub fn prompt(&self, length: usize) -> Result<Figure, Failure> {
        let mut runner = Runner::new(&self.model)?;
        self.read_prompt(&mut runner, &self.tokens(WARM, 1))?;
        let tokens = self.tokens(length, 0);
        let clock = Clock::start();
        self.read_prompt(&mut runner, &tokens)?;
        Ok(clock.stop(length))
    }

    fn read_prompt(&self, runner: &mut Runner, tokens: &[u32]) -> Result<(), Failure> {
        let mut cache = runner.new_cache(tokens.len())?;
        let mut chunks = [Chunk {
            tokens,
            cache: &mut cache,
        }];
        let hidden = block_on(runner.forward(&mut chunks))?;
        block_on(runner.logits(&hidden, &[tokens.len() - 1]))?;
        Ok(())
    }

    /// Log-probabilities of every token of a batch of texts.
    pub fn score(&self, texts: usize, length: usize) -> Result<Figure, Failure> {
        let mut runner = Runner::new(&self.model)?;
        block_on(token_log_likelihood(
            &mut runner,
            vec![self.tokens(WARM, 1)],
        ))?;
        let batch = (0..texts).map(|text| self.tokens(length, text)).collect();
        let clock = Clock::start();
        let scored = block_on(token_log_likelihood(&mut runner, batch))?;
        let mut figure = clock.stop(texts * length);
        figure.log_probability_sum = Some(scored.iter().map(|text| text.log_likelihood()).sum());
        Ok(figure)
    }

    /// Updates of an adapter.
    pub fn train(&self, precision: BasePrecision) -> Result<Figure, Failure> {
        training::train(&self.model, precision, |length, text| {
            self.tokens(length, text)
        })
    }

    fn generator(&self, sequences: usize, new_tokens: usize) -> Result<Generator, Failure> {
        let mut generator = Generator::new(&self.model)?;
        for sequence in 0..sequences {
            let prompt = Prompt::Tokens(self.tokens(PROMPT, sequence));
            let mut request = GenerationRequest::new(prompt);
            request.max_new_tokens = new_tokens;
            request.ignore_eos = true;
            generator.submit(request)?;
        }
        Ok(generator)
    }
}

/// One pass; the number of tokens it gave.
fn step(generator: &mut Generator) -> Result<usize, Failure> {
    let events = block_on(generator.step())?;
    let tokens = events
        .iter()
        .filter(|(_, event)| matches!(event, GenerationEvent::Token { .. }));
    Ok(tokens.count())
}

pub(super) struct Clock {
    start: Instant,
    cpu: Option<f64>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            cpu: process::cpu_seconds(),
            start: Instant::now(),
        }
    }

    pub(super) fn stop(self, tokens: usize) -> Figure {
        let seconds = self.start.elapsed().as_secs_f64();
        Figure {
            tokens: Some(tokens),
            seconds,
            cpu_seconds: process::cpu_seconds()
                .zip(self.cpu)
                .map(|(end, start)| end - start),
            log_probability_sum: None,
            loss: None,
            peak_rss: process::peak_rss(),
        }
    }
}
