//! What a model thinks of given text, and how it represents it.

pub mod likelihood;
pub mod pooled;

pub use likelihood::{Scored, log_likelihood, perplexity};
pub use pooled::{Pooling, pooled_hidden_states};
