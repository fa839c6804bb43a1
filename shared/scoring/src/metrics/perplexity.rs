//! Perplexity, of a text by itself and of a continuation given its prompt.

use serde::{Deserialize, Serialize};

/// Generations with at least this perplexity are left out, as DExperts does.
pub const PERPLEXITY_LIMIT: f64 = 1e4;

/// exp of the mean negative log-likelihood: `nll` is the sum over `tokens` predicted tokens.
/// `None` without tokens.
pub fn of_text(nll: f64, tokens: usize) -> Option<f64> {
    (tokens > 0).then(|| (nll / tokens as f64).exp())
}

/// Of a continuation: exp[(NLL(prompt + continuation) − NLL(prompt)) / new tokens], from summed
/// negative log-likelihoods. `None` if nothing was added.
pub fn conditional(
    (nll_full, tokens_full): (f64, usize),
    (nll_prompt, tokens_prompt): (f64, usize),
) -> Option<f64> {
    let added = tokens_full.checked_sub(tokens_prompt)?;
    of_text(nll_full - nll_prompt, added)
}

/// Perplexities of many generations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PerplexitySummary {
    /// Mean (DExperts, Goodtriever).
    pub mean: f64,
    /// Median (Li et al.); quantiles between two values are their midpoint.
    pub median: f64,
    /// First quartile.
    pub lower_quartile: f64,
    /// Third quartile.
    pub upper_quartile: f64,
    /// Values that count.
    pub counted: usize,
    /// Values left out: at or above [`PERPLEXITY_LIMIT`], or no number.
    pub dropped: usize,
}

/// Summarises; `None` if no value counts.
pub fn summarise(values: &[f64]) -> Option<PerplexitySummary> {
    let mut counted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| *value < PERPLEXITY_LIMIT)
        .collect();
    counted.sort_by(f64::total_cmp);
    let last = counted.len().checked_sub(1)?;
    let quantile = |share: f64| {
        let at = share * last as f64;
        let (below, above) = (counted[at.floor() as usize], counted[at.ceil() as usize]);
        f64::midpoint(below, above)
    };
    Some(PerplexitySummary {
        mean: counted.iter().sum::<f64>() / counted.len() as f64,
        median: quantile(0.5),
        lower_quartile: quantile(0.25),
        upper_quartile: quantile(0.75),
        counted: counted.len(),
        dropped: values.len() - counted.len(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        // Two tokens of probability 1/4 and 1/16: (4·16)^(1/2) = 8.
        let nll = 4_f64.ln() + 16_f64.ln();
        assert!((of_text(nll, 2).unwrap() - 8.0).abs() < 1e-12);
        // Prompt of three tokens with NLL 2; the continuation is the two from above.
        let found = conditional((2.0 + nll, 5), (2.0, 3)).unwrap();
        assert!((found - 8.0).abs() < 1e-12);
        assert_eq!(conditional((2.0, 3), (2.0, 3)), None);
        assert_eq!(of_text(0.0, 0), None);
    }

    #[test]
    fn outliers_are_dropped_and_quantiles_are_midpoints() {
        let found = summarise(&[4.0, 1.0, 2.0, 9.0, 1e4, f64::NAN]).unwrap();
        assert_eq!((found.counted, found.dropped), (4, 2));
        assert!((found.mean - 4.0).abs() < 1e-12);
        assert!((found.median - 3.0).abs() < 1e-12);
        assert!((found.lower_quartile - 1.5).abs() < 1e-12);
        assert!((found.upper_quartile - 6.5).abs() < 1e-12);
        assert_eq!(summarise(&[f64::INFINITY]), None);
    }
}
