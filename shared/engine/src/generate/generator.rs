//! Continuous batching: every step runs the prompts of sequences that just joined and one token of
//! each that is under way, all in one pass over the weights.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lanes::{LaneId, Lanes};
use super::request::{GenerationEvent, GenerationRequest, Prompt, SequenceId};
use super::sequence::Sequence;
use crate::adapter::AppliedAdapter;
use crate::error::EngineError;
use crate::model::Model;
use crate::runner::{Chunk, Runner, StepCounters};
use crate::tokenizer::Tokenizer;

/// Prompt tokens that one step takes from one sequence, so that a long prompt does not hold up the
/// others' tokens for long.
const PROMPT_PIECE: usize = 512;

/// Generates for any number of sequences on one model.
pub struct Generator {
    lanes: Lanes,
    tokenizer: Arc<Tokenizer>,
    context: usize,
    vocabulary: usize,
    sequences: BTreeMap<SequenceId, Sequence>,
    next: u64,
}

impl Generator {
    /// # Errors
    /// When the device cannot hold the model.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        Ok(Self {
            lanes: Lanes::new(model)?,
            tokenizer: model.tokenizer_shared(),
            context: model.context_length(),
            vocabulary: model.vocabulary_size(),
            sequences: BTreeMap::new(),
            next: 0,
        })
    }

    /// Adds a sequence; it joins the batch at the next step.
    ///
    /// # Errors
    /// A field out of range, an empty prompt, a prompt that leaves no room in the context. When the
    /// context is shorter than prompt and new tokens, generation ends early with `length`.
    pub fn submit(&mut self, request: GenerationRequest) -> Result<SequenceId, EngineError> {
        request.validate()?;
        let tokens = match &request.prompt {
            Prompt::Text(text) => self.tokenizer.encode(text, true)?,
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        if let Some(token) = tokens
            .iter()
            .find(|token| **token as usize >= self.vocabulary)
        {
            return Err(EngineError::TokenOutOfRange {
                token: *token,
                vocabulary: self.vocabulary,
            });
        }
        if tokens.len() >= self.context {
            return Err(EngineError::ContextOverflow {
                field: "prompt".into(),
                tokens: tokens.len(),
                context: self.context,
            });
        }
        let mut request = request;
        request.max_new_tokens = request.max_new_tokens.min(self.context - tokens.len());
        let sequences = &self.sequences;
        self.lanes
            .tidy(|lane| sequences.values().any(|sequence| sequence.lane == lane));
        let lane = self.lanes.of(request.adapter.as_ref())?;
        let cache = self
            .lanes
            .runner(lane)?
            .new_cache(tokens.len() + request.max_new_tokens)?;
        let id = SequenceId(self.next);
        self.next += 1;
        let sequence = Sequence::new(id, request, tokens, (lane, cache), self.tokenizer.eos());
        self.sequences.insert(id, sequence);
        Ok(id)
    }

    /// One pass: at most one new token per sequence. Without sequences, nothing happens.
    ///
    /// # Errors
    /// When the device fails; all sequences are then dropped.
    pub async fn step(&mut self) -> Result<Vec<(SequenceId, GenerationEvent)>, EngineError> {
        let result = self.try_step().await;
        if result.is_err() {
            self.sequences.clear();
        }
        result
    }

    async fn try_step(&mut self) -> Result<Vec<(SequenceId, GenerationEvent)>, EngineError> {
        let mut events = Vec::new();
        for lane in self.lanes.ids() {
            self.step_lane(lane, &mut events).await?;
        }
        Ok(events)
    }

    /// One pass over the sequences that share a runner.
    async fn step_lane(
        &mut self,
        lane: LaneId,
        events: &mut Vec<(SequenceId, GenerationEvent)>,
    ) -> Result<(), EngineError> {
        let runner = self.lanes.runner(lane)?;
        let mut chunks = Vec::with_capacity(self.sequences.len());
        // Rows of the pass whose logits are wanted and the sequences they belong to; apart from them
        // those that only want the most likely token, which a GPU finds by itself.
        let (mut rows, mut ready) = (Vec::new(), Vec::new());
        let (mut greedy_rows, mut greedy) = (Vec::new(), Vec::new());
        let on_device = runner.chooses_on_device();
        let mut row = 0;
        let sequences = self.sequences.values_mut();
        for sequence in sequences.filter(|sequence| sequence.lane == lane) {
            let end = sequence.tokens.len().min(sequence.cached + PROMPT_PIECE);
            let tokens = &sequence.tokens[sequence.cached..end];
            row += tokens.len();
            if end == sequence.tokens.len() {
                if on_device && sequence.takes_the_most_likely() {
                    greedy_rows.push(row - 1);
                    greedy.push(sequence.id);
                } else {
                    rows.push(row - 1);
                    ready.push(sequence.id);
                }
            }
            sequence.cached = end;
            chunks.push(Chunk {
                tokens,
                cache: &mut sequence.cache,
            });
        }
        if chunks.is_empty() {
            return Ok(());
        }
        let hidden = runner.forward(&mut chunks).await?;
        drop(chunks);
        if !greedy.is_empty() {
            let tokens = runner.most_likely(&hidden, &greedy_rows).await?;
            for (id, token) in greedy.into_iter().zip(tokens) {
                if let Some(sequence) = self.sequences.get_mut(&id)
                    && sequence.advance_with(token, &self.tokenizer, events)
                {
                    self.sequences.remove(&id);
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut logits = runner.logits(&hidden, &rows).await?;
        for (id, logits) in ready
            .into_iter()
            .zip(logits.chunks_exact_mut(self.vocabulary))
        {
            if let Some(sequence) = self.sequences.get_mut(&id)
                && sequence.advance(logits, &self.tokenizer, events)
            {
                self.sequences.remove(&id);
            }
        }
        Ok(())
    }

    /// Drops a sequence; no further event comes from it.
    pub fn cancel(&mut self, id: SequenceId) {
        self.sequences.remove(&id);
    }

    /// What the last step cost a GPU; `None` where the pass does not count.
    pub fn counters(&self) -> Option<StepCounters> {
        self.lanes.own().counters()
    }

    /// What runs the model with an adapter, or as it is, for measuring beside the sequences: weights
    /// on a graphics card would otherwise be there twice.
    ///
    /// # Errors
    /// An adapter for another model, or one that the device cannot hold.
    pub fn runner(&mut self, adapter: Option<&AppliedAdapter>) -> Result<&mut Runner, EngineError> {
        let lane = self.lanes.of(adapter)?;
        self.lanes.runner(lane)
    }

    /// Sequences under way.
    pub fn running(&self) -> usize {
        self.sequences.len()
    }
}
