//! The state of one running sequence.

use protocol::generation::{FinishReason, TokenLogprob};

use super::lanes::LaneId;
use super::processor::LogitsProcessor;
use super::request::{GenerationEvent, GenerationRequest, SequenceId};
use super::sampler::Sampler;
use super::stop::{StopWatch, Watched};
use crate::kernels::simd;
use crate::runner::KvCache;
use crate::tokenizer::{TextStream, Tokenizer};

pub struct Sequence {
    pub id: SequenceId,
    /// Prompt and completion.
    pub tokens: Vec<u32>,
    /// How many of them the cache already holds.
    pub cached: usize,
    pub cache: KvCache,
    /// Which runner it was begun with, and needs for every step.
    pub lane: LaneId,
    prompt_tokens: usize,
    max_new_tokens: usize,
    sampler: Sampler,
    processors: Vec<Box<dyn LogitsProcessor>>,
    watch: StopWatch,
    stream: TextStream,
    logprobs: Option<usize>,
    ends: Vec<u32>,
}

impl Sequence {
    pub fn new(
        id: SequenceId,
        request: GenerationRequest,
        tokens: Vec<u32>,
        (lane, cache): (LaneId, KvCache),
        ends: &[u32],
    ) -> Self {
        Self {
            id,
            prompt_tokens: tokens.len(),
            tokens,
            cached: 0,
            cache,
            lane,
            max_new_tokens: request.max_new_tokens,
            sampler: Sampler::new(request.sampler),
            processors: request.processors,
            watch: StopWatch::new(request.stop),
            stream: TextStream::new(),
            logprobs: request.logprobs,
            ends: if request.ignore_eos {
                Vec::new()
            } else {
                ends.to_vec()
            },
        }
    }

    /// Chooses the next token from its logits; `true` when the sequence has ended.
    pub fn advance(
        &mut self,
        logits: &mut [f32],
        tokenizer: &Tokenizer,
        events: &mut Vec<(SequenceId, GenerationEvent)>,
    ) -> bool {
        let before = self
            .logprobs
            .map(|top| (top, simd::log_sum_exp(logits), logits.to_vec()));
        for processor in &mut self.processors {
            processor.process(&self.tokens, logits);
        }
        let token = self.sampler.choose(&self.tokens, logits);
        self.append(token, before, tokenizer, events)
    }

    /// Whether the next token is simply the most likely one, and nothing else about the logits is
    /// asked for.
    pub fn takes_the_most_likely(&self) -> bool {
        self.sampler.takes_the_most_likely()
            && self.logprobs.is_none()
            && self.processors.is_empty()
    }

    /// Takes the next token as chosen; `true` when the sequence has ended.
    pub fn advance_with(
        &mut self,
        token: u32,
        tokenizer: &Tokenizer,
        events: &mut Vec<(SequenceId, GenerationEvent)>,
    ) -> bool {
        self.append(token, None, tokenizer, events)
    }

    /// `before` has what log-probabilities need: how many, log-sum-exp, logits.
    fn append(
        &mut self,
        token: u32,
        before: Option<(usize, f32, Vec<f32>)>,
        tokenizer: &Tokenizer,
        events: &mut Vec<(SequenceId, GenerationEvent)>,
    ) -> bool {
        if self.ends.contains(&token) {
            self.finish(FinishReason::Stop, events);
            return true;
        }
        self.tokens.push(token);
        let (logprob, top_logprobs) = match before {
            None => (None, Vec::new()),
            Some((top, total, logits)) => {
                let entry = |token: u32| TokenLogprob {
                    token,
                    text: tokenizer.token_text(token),
                    logprob: logits[token as usize] - total,
                };
                (
                    Some(entry(token)),
                    most_likely(&logits, top).into_iter().map(entry).collect(),
                )
            }
        };
        let piece = self.stream.push(tokenizer, token);
        let (text, stopped) = match self.watch.push(&piece) {
            Watched::Text(text) => (text, false),
            Watched::Stopped(text) => (text, true),
        };
        events.push((
            self.id,
            GenerationEvent::Token {
                token,
                text,
                logprob,
                top_logprobs,
            },
        ));
        if stopped {
            events.push((self.id, self.finished(FinishReason::Stop, String::new())));
        } else if self.completion_tokens() >= self.max_new_tokens {
            self.finish(FinishReason::Length, events);
        } else {
            return false;
        }
        true
    }

    fn completion_tokens(&self) -> usize {
        self.tokens.len() - self.prompt_tokens
    }

    fn finish(&mut self, reason: FinishReason, events: &mut Vec<(SequenceId, GenerationEvent)>) {
        let rest = self.stream.flush();
        let (text, reason) = match self.watch.push(&rest) {
            Watched::Text(text) => (text + &self.watch.finish(), reason),
            Watched::Stopped(text) => (text, FinishReason::Stop),
        };
        events.push((self.id, self.finished(reason, text)));
    }

    fn finished(&self, reason: FinishReason, text: String) -> GenerationEvent {
        GenerationEvent::Finished {
            reason,
            text,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens(),
        }
    }
}

/// The `count` largest, best first.
fn most_likely(logits: &[f32], count: usize) -> Vec<u32> {
    let mut ranked: Vec<u32> = (0..logits.len() as u32).collect();
    let by_logit = |left: &u32, right: &u32| {
        logits[*right as usize]
            .total_cmp(&logits[*left as usize])
            .then(left.cmp(right))
    };
    let count = count.min(ranked.len());
    if count == 0 {
        return Vec::new();
    }
    ranked.select_nth_unstable_by(count - 1, by_logit);
    ranked.truncate(count);
    ranked.sort_unstable_by(by_logit);
    ranked
}
