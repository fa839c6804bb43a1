//! Forced decoding: a given completion is fed to the model token by token, and at each position the
//! model's own choice stands beside the given one.

use std::sync::Arc;

use protocol::FieldError;
use protocol::api::forced_decoding::{COMPLETION_TOKENS_LIMIT, ForcedToken};
use protocol::generation::TokenLogprob;

use crate::error::EngineError;
use crate::kernels::simd;
use crate::model::Model;
use crate::runner::{Chunk, KvCache, Runner};
use crate::tokenizer::Tokenizer;

/// Tokens of one step: few, so that a browser's worker can hear the page between two of them.
const STEP_TOKENS: usize = 64;
/// Rows whose logits exist at the same time.
const LOGITS_ROWS: usize = 16;

/// A forced decoding under way.
pub struct ForcedDecoding {
    tokenizer: Arc<Tokenizer>,
    /// Prompt and completion.
    tokens: Vec<u32>,
    prompt_tokens: usize,
    cache: Option<KvCache>,
    /// Tokens that have gone through the model.
    fed: usize,
    done: Vec<ForcedToken>,
}

impl ForcedDecoding {
    /// Checks the request; nothing is computed yet.
    ///
    /// # Errors
    /// An empty prompt or completion, a completion of too many tokens or with a token that the
    /// model does not have, or both together longer than the context.
    pub fn new(model: &Model, prompt: &str, completion: &[u32]) -> Result<Self, EngineError> {
        if prompt.is_empty() {
            return Err(FieldError::new("prompt", "must not be empty").into());
        }
        if completion.is_empty() || completion.len() > COMPLETION_TOKENS_LIMIT {
            return Err(FieldError::new(
                "completion",
                format!(
                    "must be 1 to {COMPLETION_TOKENS_LIMIT} tokens, got {}",
                    completion.len()
                ),
            )
            .into());
        }
        let vocabulary = model.vocabulary_size();
        if let Some(token) = completion
            .iter()
            .find(|token| **token as usize >= vocabulary)
        {
            return Err(FieldError::new(
                "completion",
                format!("token {token} is not in the vocabulary of {vocabulary}"),
            )
            .into());
        }
        let mut tokens = model.tokenizer().encode(prompt, true)?;
        let prompt_tokens = tokens.len();
        tokens.extend_from_slice(completion);
        if tokens.len() > model.context_length() {
            return Err(EngineError::ContextOverflow {
                field: "completion".into(),
                tokens: tokens.len(),
                context: model.context_length(),
            });
        }
        Ok(Self {
            tokenizer: model.tokenizer_shared(),
            tokens,
            prompt_tokens,
            cache: None,
            fed: 0,
            done: Vec::with_capacity(completion.len()),
        })
    }

    /// Tokens of the prompt, a begin token counted.
    pub fn prompt_tokens(&self) -> usize {
        self.prompt_tokens
    }

    /// One piece, always on the same runner. `true` when the completion is through.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn step(&mut self, runner: &mut Runner) -> Result<bool, EngineError> {
        // What follows the last token is of no interest, so it need not run.
        let end = self.tokens.len() - 1;
        if self.fed < end {
            self.feed(runner, end.min(self.fed + STEP_TOKENS)).await?;
        }
        Ok(self.fed == end)
    }

    async fn feed(&mut self, runner: &mut Runner, end: usize) -> Result<(), EngineError> {
        let cache = match &mut self.cache {
            Some(cache) => cache,
            empty => empty.insert(runner.new_cache(self.tokens.len() - 1)?),
        };
        let mut chunks = [Chunk {
            tokens: &self.tokens[self.fed..end],
            cache,
        }];
        let hidden = runner.forward(&mut chunks).await?;
        // The row of a token predicts the token after it.
        let first = self.fed.max(self.prompt_tokens - 1);
        let positions: Vec<usize> = (first..end).collect();
        for positions in positions.chunks(LOGITS_ROWS) {
            let rows: Vec<usize> = positions.iter().map(|at| at - self.fed).collect();
            let logits = runner.logits(&hidden, &rows).await?;
            for (position, logits) in positions
                .iter()
                .zip(logits.chunks_exact(logits.len() / rows.len()))
            {
                let entry = self.entry(self.tokens[position + 1], logits);
                self.done.push(entry);
            }
        }
        self.fed = end;
        Ok(())
    }

    fn entry(&self, given: u32, logits: &[f32]) -> ForcedToken {
        let total = simd::log_sum_exp(logits);
        let logprob = |token: u32| TokenLogprob {
            token,
            text: self.tokenizer.token_text(token),
            logprob: logits[token as usize] - total,
        };
        // The first of equals, as the greedy sampler takes it.
        let (top, _) = simd::largest(logits);
        ForcedToken {
            given: logprob(given),
            top: logprob(top as u32),
        }
    }

    /// One entry per token of the completion that has been through.
    pub fn finish(self) -> Vec<ForcedToken> {
        self.done
    }
}
