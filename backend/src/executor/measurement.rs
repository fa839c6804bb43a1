//! Measurements: they take turns with each other, one piece between two steps of the generator.

use engine::EngineError;
use engine::adapter::AppliedAdapter;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::failure::Failure;
use super::model::{Forced, TextGenerator};

/// Where the result of a measurement goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// A measurement under way.
pub(super) struct Measurement {
    kind: Kind,
    permit: OwnedSemaphorePermit,
}

enum Kind {
    Texts(Texts, Reply<Vec<Vec<f32>>>),
    Forced(ForcedCompletion, Reply<Forced>),
}

/// Texts whose log-probabilities are wanted, some at a time.
struct Texts {
    texts: Vec<String>,
    /// Indices of the texts still to measure. Texts of like length go together, because a batch
    /// is padded to its longest; the longest come first, at the end of this list.
    left: Vec<usize>,
    done: Vec<Vec<f32>>,
}

/// A completion to force upon the model, all of it at once: its length is limited.
struct ForcedCompletion {
    prompt: String,
    completion: Vec<u32>,
    adapter: Option<AppliedAdapter>,
    done: Option<Forced>,
}

impl Measurement {
    /// Of texts; nothing measured yet.
    pub(super) fn texts(
        texts: Vec<String>,
        reply: Reply<Vec<Vec<f32>>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let mut left: Vec<usize> = (0..texts.len()).collect();
        left.sort_by_key(|index| texts[*index].len());
        let texts = Texts {
            done: vec![Vec::new(); texts.len()],
            texts,
            left,
        };
        Self {
            kind: Kind::Texts(texts, reply),
            permit,
        }
    }

    /// Of a completion; nothing measured yet.
    pub(super) fn forced(
        prompt: String,
        completion: Vec<u32>,
        adapter: Option<AppliedAdapter>,
        reply: Reply<Forced>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let completion = ForcedCompletion {
            prompt,
            completion,
            adapter,
            done: None,
        };
        Self {
            kind: Kind::Forced(completion, reply),
            permit,
        }
    }

    /// Nobody waits for the result any more.
    pub(super) fn deserted(&self) -> bool {
        match &self.kind {
            Kind::Texts(_, reply) => reply.is_closed(),
            Kind::Forced(_, reply) => reply.is_closed(),
        }
    }

    /// Everything is measured.
    pub(super) fn complete(&self) -> bool {
        match &self.kind {
            Kind::Texts(texts, _) => texts.left.is_empty(),
            Kind::Forced(completion, _) => completion.done.is_some(),
        }
    }

    /// Measures one piece, of up to `count` texts; returns the number of tokens.
    pub(super) fn advance(
        &mut self,
        count: usize,
        generator: &mut dyn TextGenerator,
    ) -> Result<usize, EngineError> {
        match &mut self.kind {
            Kind::Texts(texts, _) => texts.advance(count, generator),
            Kind::Forced(completion, _) => {
                let done = generator.forced_decoding(
                    &completion.prompt,
                    &completion.completion,
                    completion.adapter.as_ref(),
                )?;
                let tokens = done.prompt_tokens + done.tokens.len();
                completion.done = Some(done);
                Ok(tokens)
            }
        }
    }

    /// Gives the place back and answers.
    pub(super) fn finish(self) {
        drop(self.permit);
        // An asker that has gone misses nothing.
        match self.kind {
            Kind::Texts(texts, reply) => drop(reply.send(Ok(texts.done))),
            Kind::Forced(completion, reply) => {
                if let Some(done) = completion.done {
                    drop(reply.send(Ok(done)));
                }
            }
        }
    }

    /// Gives the place back and answers with the failure.
    pub(super) fn fail(self, failure: Failure) {
        drop(self.permit);
        // An asker that has gone misses nothing.
        match self.kind {
            Kind::Texts(_, reply) => drop(reply.send(Err(failure))),
            Kind::Forced(_, reply) => drop(reply.send(Err(failure))),
        }
    }
}

impl Texts {
    fn advance(
        &mut self,
        count: usize,
        generator: &mut dyn TextGenerator,
    ) -> Result<usize, EngineError> {
        let batch = self.left.split_off(self.left.len().saturating_sub(count));
        let texts: Vec<&str> = batch
            .iter()
            .map(|index| self.texts[*index].as_str())
            .collect();
        let mut tokens = 0;
        for (index, values) in batch.into_iter().zip(generator.log_probabilities(&texts)?) {
            tokens += values.len();
            self.done[index] = values;
        }
        Ok(tokens)
    }
}
