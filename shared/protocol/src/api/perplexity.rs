//! `POST /api/perplexity`: how likely a model finds given texts.

use serde::{Deserialize, Serialize};

use crate::provenance::ModelProvenance;

/// Most texts in one request.
pub const TEXTS_LIMIT: usize = 256;

/// Texts to measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PerplexityRequest {
    /// Model to use; the server's default model if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The texts, none of them empty.
    pub texts: Vec<String>,
}

/// How likely the model finds one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextPerplexity {
    /// Sum of the natural logarithms of the tokens' probabilities, the first token excepted
    /// (where the model has a begin token, that is the first).
    pub log_likelihood: f64,
    /// Tokens that the sum runs over.
    pub tokens: usize,
    /// exp(−log-likelihood / tokens); absent where no token has a probability, as in a text of
    /// one token for a model without a begin token.
    #[serde(default)]
    pub perplexity: Option<f64>,
}

impl TextPerplexity {
    /// From the log-probabilities of a text's tokens (natural logarithm).
    pub fn from_log_probabilities(log_probabilities: &[f32]) -> Self {
        // Not `sum`: of nothing that is -0.
        let log_likelihood = log_probabilities
            .iter()
            .fold(0.0, |sum, value| sum + f64::from(*value));
        Self::from_sum(log_likelihood, log_probabilities.len())
    }

    /// Several texts as one, each token counted once.
    pub fn total<'a>(texts: impl IntoIterator<Item = &'a TextPerplexity>) -> Self {
        let (mut log_likelihood, mut tokens) = (0.0, 0);
        for text in texts {
            log_likelihood += text.log_likelihood;
            tokens += text.tokens;
        }
        Self::from_sum(log_likelihood, tokens)
    }

    fn from_sum(log_likelihood: f64, tokens: usize) -> Self {
        Self {
            log_likelihood,
            tokens,
            perplexity: (tokens > 0).then(|| (-log_likelihood / tokens as f64).exp()),
        }
    }
}

/// One entry per text, in the order of the request, and all of them as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PerplexityResponse {
    /// In the order of the request.
    pub texts: Vec<TextPerplexity>,
    /// All texts as one, weighted by tokens.
    pub total: TextPerplexity,
    /// What measured them.
    pub provenance: ModelProvenance,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_choice_among_four_has_perplexity_four() {
        let quarter = (0.25_f32).ln();
        let long = TextPerplexity::from_log_probabilities(&[quarter; 6]);
        assert!((long.perplexity.unwrap() - 4.0).abs() < 1e-6);
        // The total weighs tokens, not texts: ln 4 six times and ln 2 twice.
        let short = TextPerplexity::from_log_probabilities(&[(0.5_f32).ln(); 2]);
        let total = TextPerplexity::total([&long, &short]);
        assert_eq!(total.tokens, 8);
        assert!((total.perplexity.unwrap() - 2f64.powf(14.0 / 8.0)).abs() < 1e-6);
    }

    #[test]
    fn no_token_means_no_perplexity() {
        let none = TextPerplexity::from_log_probabilities(&[]);
        assert_eq!(none.perplexity, None);
        assert!(serde_json::to_string(&none).unwrap().contains("null"));
    }
}
