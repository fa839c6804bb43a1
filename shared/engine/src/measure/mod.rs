//! What a model thinks of given text.

pub mod likelihood;

pub use likelihood::{Scored, log_likelihood, perplexity};
