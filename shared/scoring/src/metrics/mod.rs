//! The field's measures of what a model writes.

mod diversity;
mod perplexity;
mod silhouette;
mod toxicity;

pub use diversity::{Diversity, different, distinct};
pub use perplexity::{PERPLEXITY_LIMIT, PerplexitySummary, conditional, of_text, summarise};
pub use silhouette::{Silhouette, silhouette};
pub use toxicity::{THRESHOLD, ToxicityMetrics, average, delta, emt_change, toxicity_metrics};
