//! Measures of toxicity, of what models write and of how far the measures can be trusted: pure
//! functions for server and browser.

pub mod completions;
pub mod flags;
pub mod lexicon;
pub mod metrics;
pub mod ngram;
pub mod normalise;
pub mod sample;
pub mod scorer;
pub mod statistics;
pub mod text_score;
pub mod written;
