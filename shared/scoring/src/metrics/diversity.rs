//! dist-n: how many different n-grams a model writes.

use std::collections::HashSet;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

/// dist-1, dist-2 and dist-3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// For n of 1, 2, 3: per prompt, different n-grams over its generations by all their tokens;
    /// mean over prompts.
    pub distinct: [f64; 3],
    /// Prompts with at least one token.
    pub prompts: usize,
}

/// Measures `tokens[prompt][generation]`, subword tokens, as words mean nothing in Chinese. `None`
/// if there is no token.
pub fn distinct<T: Eq + Hash>(tokens: &[Vec<Vec<T>>]) -> Option<Diversity> {
    let mut sums = [0.0; 3];
    let mut prompts = 0;
    for generations in tokens {
        let total: usize = generations.iter().map(Vec::len).sum();
        if total == 0 {
            continue;
        }
        prompts += 1;
        for (index, sum) in sums.iter_mut().enumerate() {
            let different: HashSet<&[T]> = generations
                .iter()
                .flat_map(|generation| generation.windows(index + 1))
                .collect();
            *sum += different.len() as f64 / total as f64;
        }
    }
    (prompts > 0).then(|| Diversity {
        distinct: sums.map(|sum| sum / f64::from(prompts)),
        prompts: prompts as usize,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn as_computed_by_hand() {
        // First prompt: 5 tokens, 2 of them different; [1,2,1] and
        // [1,2] have the pairs 12 21 12 and the triple 121. Second: 1 token.
        let found =
            distinct(&[vec![vec![1, 2, 1], vec![1, 2]], vec![vec![7]], vec![vec![]]]).unwrap();
        assert_eq!(found.prompts, 2);
        assert!((found.distinct[0] - f64::midpoint(2.0 / 5.0, 1.0)).abs() < 1e-12);
        assert!((found.distinct[1] - f64::midpoint(2.0 / 5.0, 0.0)).abs() < 1e-12);
        assert!((found.distinct[2] - f64::midpoint(1.0 / 5.0, 0.0)).abs() < 1e-12);
        assert_eq!(distinct::<u32>(&[vec![vec![]]]), None);
    }
}
