//! What the executor needs of a model.

use engine::EngineError;
use engine::adapter::AppliedAdapter;
use engine::decoder::DecoderSpec;
use engine::generate::{GenerationEvent, GenerationRequest, SequenceId};
use protocol::api::forced_decoding::ForcedToken;

/// What forced decoding gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Forced {
    /// Tokens of the prompt, a begin token counted.
    pub prompt_tokens: usize,
    /// One entry per token of the completion.
    pub tokens: Vec<ForcedToken>,
}

/// A model in memory. Shared by the threads that prepare requests and the one that runs them.
pub trait TextModel: Send + Sync {
    /// Validates the request and turns a text prompt into tokens; returns how many.
    ///
    /// # Errors
    /// Names the field that is out of range, `prompt` where it does not fit the context.
    fn prepare(&self, request: &mut GenerationRequest) -> Result<usize, EngineError>;

    /// Refuses texts that cannot be measured: empty ones and ones that do not fit the context.
    ///
    /// # Errors
    /// Names the text, as `texts[3]`.
    fn check_texts(&self, texts: &[String]) -> Result<(), EngineError>;

    /// Refuses a prompt and a completion that cannot be forced upon the model.
    ///
    /// # Errors
    /// Names the field, `prompt` or `completion`.
    fn check_forced(&self, prompt: &str, completion: &[u32]) -> Result<(), EngineError>;

    /// The shape, by which adapters are read; `None` for a model that takes none.
    fn spec(&self) -> Option<&DecoderSpec>;

    /// A new, empty generator. Called on the thread that will own it.
    ///
    /// # Errors
    /// Where the device cannot hold one.
    fn generator(&self) -> Result<Box<dyn TextGenerator>, EngineError>;
}

/// Continues many sequences together, at most one token each per step.
pub trait TextGenerator {
    /// Takes a sequence into the batch.
    ///
    /// # Errors
    /// Where the request is invalid or there is no room for it.
    fn submit(&mut self, request: GenerationRequest) -> Result<SequenceId, EngineError>;

    /// One step.
    ///
    /// # Errors
    /// Where the device fails; the generator is not used again then.
    fn step(&mut self) -> Result<Vec<(SequenceId, GenerationEvent)>, EngineError>;

    /// Takes a sequence out of the batch.
    fn cancel(&mut self, id: SequenceId);

    /// Log-probabilities (natural logarithm) of each text's tokens given what precedes them. The
    /// batch is not touched.
    ///
    /// # Errors
    /// Where the device fails.
    fn log_probabilities(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError>;

    /// Each token of a completion beside the model's own choice. The batch is not touched.
    ///
    /// # Errors
    /// What [`TextModel::check_forced`] refuses, or where the device fails.
    fn forced_decoding(
        &mut self,
        prompt: &str,
        completion: &[u32],
        adapter: Option<&AppliedAdapter>,
    ) -> Result<Forced, EngineError>;
}
