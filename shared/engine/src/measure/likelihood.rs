//! Log-likelihood and perplexity of given text.

use protocol::FieldError;

use crate::error::EngineError;
use crate::model::Model;
use crate::runner::{Chunk, Runner};

/// Tokens that go through the model together: enough to use every core, little enough to stay small.
const BATCH_TOKENS: usize = 1024;

/// A text's tokens and their log-probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The text as the model reads it, its begin token included where it has one.
    pub tokens: Vec<u32>,
    /// Natural logarithm of the probability of `tokens[1..]`, each given all before it.
    pub log_probabilities: Vec<f32>,
}

impl Scored {
    /// Sum of the log-probabilities.
    pub fn log_likelihood(&self) -> f64 {
        self.log_probabilities
            .iter()
            .map(|value| f64::from(*value))
            .sum()
    }
}

/// `exp(−mean log-probability)`; NaN for a text without a scored token.
pub fn perplexity(scored: &Scored) -> f64 {
    (-scored.log_likelihood() / scored.log_probabilities.len() as f64).exp()
}

/// Scores texts, several at a time, in input order. A model without a begin token does not score
/// the first token, which has nothing before it.
///
/// # Errors
/// An empty text, or one longer than the context (the field names its index).
pub async fn log_likelihood(model: &Model, texts: &[&str]) -> Result<Vec<Scored>, EngineError> {
    let mut encoded = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let field = || format!("texts[{index}]");
        if text.is_empty() {
            return Err(FieldError::new(field(), "must not be empty").into());
        }
        let tokens = model.tokenizer().encode(text, true)?;
        if tokens.len() > model.context_length() {
            return Err(EngineError::ContextOverflow {
                field: field(),
                tokens: tokens.len(),
                context: model.context_length(),
            });
        }
        encoded.push(tokens);
    }
    let mut runner = Runner::new(model)?;
    token_log_likelihood(&mut runner, encoded).await
}

/// As [`log_likelihood`], for ready-made tokens on a runner at hand.
///
/// # Errors
/// As [`log_likelihood`].
pub async fn token_log_likelihood(
    runner: &mut Runner,
    encoded: Vec<Vec<u32>>,
) -> Result<Vec<Scored>, EngineError> {
    let mut scored = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_slice();
    while !rest.is_empty() {
        let mut taken = 0;
        let mut total = 0;
        while taken < rest.len() && (taken == 0 || total + rest[taken].len() <= BATCH_TOKENS) {
            total += rest[taken].len();
            taken += 1;
        }
        let (batch, later) = rest.split_at(taken);
        rest = later;
        scored.extend(score_batch(runner, batch).await?);
    }
    Ok(scored)
}

async fn score_batch(runner: &mut Runner, batch: &[Vec<u32>]) -> Result<Vec<Scored>, EngineError> {
    // The last token predicts nothing that is scored, so it need not run.
    let inputs: Vec<&[u32]> = batch
        .iter()
        .map(|tokens| &tokens[..tokens.len().saturating_sub(1)])
        .filter(|tokens| !tokens.is_empty())
        .collect();
    let mut caches = inputs
        .iter()
        .map(|tokens| runner.new_cache(tokens.len()))
        .collect::<Result<Vec<_>, _>>()?;
    let mut chunks: Vec<Chunk<'_>> = inputs
        .iter()
        .zip(&mut caches)
        .map(|(tokens, cache)| Chunk { tokens, cache })
        .collect();
    let targets: Vec<(usize, u32)> = batch
        .iter()
        .flat_map(|tokens| tokens.iter().skip(1).copied())
        .enumerate()
        .collect();
    let mut values = if chunks.is_empty() {
        Vec::new()
    } else {
        let hidden = runner.forward(&mut chunks).await?;
        runner.token_log_probabilities(&hidden, &targets).await?
    }
    .into_iter();
    Ok(batch
        .iter()
        .map(|tokens| Scored {
            tokens: tokens.clone(),
            log_probabilities: values
                .by_ref()
                .take(tokens.len().saturating_sub(1))
                .collect(),
        })
        .collect())
}
