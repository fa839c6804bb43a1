//! A chain of changes to the logits, applied before the sampler.

/// Changes the logits of the next token in place. Detoxification methods that work at decoding
/// time (DExperts, GeDi, rectification) are processors.
pub trait LogitsProcessor: Send {
    /// `tokens`: prompt and completion so far. `logits`: one value per vocabulary entry.
    fn process(&mut self, tokens: &[u32], logits: &mut [f32]);
}
