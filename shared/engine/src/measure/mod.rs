//! What a model thinks of given text, and how it represents it.

pub mod forced;
pub mod likelihood;
pub mod pooled;

pub use forced::ForcedDecoding;
pub use likelihood::{Scored, log_likelihood, perplexity};
pub use pooled::{Pooling, pooled_hidden_states};
