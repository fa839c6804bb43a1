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

/// Of one prompt's generations, the numbers of different n-grams and of tokens, whose ratio is
/// dist-n. `None` if there is no token.
pub fn different<T: Eq + Hash>(
    generations: &[impl AsRef<[T]>],
    n: usize,
) -> Option<(usize, usize)> {
    let tokens = generations.iter().map(|one| one.as_ref().len()).sum();
    let different: HashSet<&[T]> = generations
        .iter()
        .flat_map(|one| one.as_ref().windows(n))
        .collect();
    (tokens > 0).then_some((different.len(), tokens))
}

/// Measures `tokens[prompt][generation]`, subword tokens, as words mean nothing in Chinese. `None`
/// if there is no token.
pub fn distinct<T: Eq + Hash>(tokens: &[Vec<Vec<T>>]) -> Option<Diversity> {
    let mut sums = [0.0; 3];
    let mut prompts = 0_u32;
    for generations in tokens {
        let mut counted = false;
        for (n, sum) in (1..).zip(&mut sums) {
            if let Some((different, tokens)) = different(generations, n) {
                counted = true;
                *sum += different as f64 / tokens as f64;
            }
        }
        prompts += u32::from(counted);
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
