//! Whether two devices that run one model agree.

use crate::api::forced_decoding::ForcedToken;

/// The first position at which two completions chose different tokens, or at which one of them had
/// ended; `None` where they are the same.
pub fn first_difference(one: &[u32], other: &[u32]) -> Option<usize> {
    let common = one
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count();
    (common < one.len().max(other.len())).then_some(common)
}

/// How alike two devices find the same tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Positions that were compared.
    pub tokens: usize,
    /// Those at which both find the same token the most likely.
    pub same_top: usize,
    /// Largest absolute difference between the log-probabilities of a given token (natural logarithm).
    pub largest_difference: f32,
    /// Where that is.
    pub largest_at: usize,
}

impl Agreement {
    /// Compares two answers about the same completion; `None` where they are about different ones,
    /// or about nothing.
    pub fn between(one: &[ForcedToken], other: &[ForcedToken]) -> Option<Self> {
        let same_tokens = one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| one.given.token == other.given.token);
        if one.is_empty() || !same_tokens {
            return None;
        }
        let mut agreement = Self {
            tokens: one.len(),
            same_top: 0,
            largest_difference: 0.0,
            largest_at: 0,
        };
        for (at, (one, other)) in one.iter().zip(other).enumerate() {
            agreement.same_top += usize::from(one.top.token == other.top.token);
            let difference = (one.given.logprob - other.given.logprob).abs();
            // What is no number counts as the largest.
            let larger = difference.is_nan() || difference > agreement.largest_difference;
            if larger && !agreement.largest_difference.is_nan() {
                agreement.largest_difference = difference;
                agreement.largest_at = at;
            }
        }
        Some(agreement)
    }

    /// Share of the positions at which both find the same token the most likely, 0 to 1.
    pub fn top_1(&self) -> f64 {
        self.same_top as f64 / self.tokens as f64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::generation::TokenLogprob;

    fn forced(given: (u32, f32), top: u32) -> ForcedToken {
        let entry = |token, logprob| TokenLogprob {
            token,
            text: String::new(),
            logprob,
        };
        ForcedToken {
            given: entry(given.0, given.1),
            top: entry(top, -0.1),
        }
    }

    #[test]
    fn completions_differ_where_a_token_does_or_one_ends() {
        assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3]), None);
        assert_eq!(first_difference(&[], &[]), None);
        assert_eq!(first_difference(&[1, 2, 3], &[1, 9, 3]), Some(1));
        assert_eq!(first_difference(&[1, 2], &[1, 2, 3]), Some(2));
        assert_eq!(first_difference(&[], &[5]), Some(0));
    }

    #[test]
    fn agreement_counts_tops_and_finds_the_largest_difference() {
        let one = [
            forced((4, -1.0), 4),
            forced((5, -2.0), 6),
            forced((7, -0.5), 7),
        ];
        let other = [
            forced((4, -1.25), 4),
            forced((5, -1.0), 5),
            forced((7, -0.5), 7),
        ];
        let agreement = Agreement::between(&one, &other).unwrap();
        assert_eq!((agreement.tokens, agreement.same_top), (3, 2));
        assert_eq!(
            (agreement.largest_difference, agreement.largest_at),
            (1.0, 1)
        );
        assert_eq!(agreement.top_1(), 2.0 / 3.0);
    }

    #[test]
    fn a_value_that_is_no_number_is_not_agreement() {
        let one = [forced((4, f32::NAN), 4), forced((5, -1.0), 5)];
        let other = [forced((4, -1.0), 4), forced((5, -2.0), 5)];
        let agreement = Agreement::between(&one, &other).unwrap();
        assert!(agreement.largest_difference.is_nan());
        assert_eq!(agreement.largest_at, 0);
    }

    #[test]
    fn different_completions_are_not_compared() {
        let one = [forced((4, -1.0), 4)];
        assert_eq!(Agreement::between(&one, &[forced((5, -1.0), 4)]), None);
        assert_eq!(Agreement::between(&one, &[]), None);
        assert_eq!(Agreement::between(&[], &[]), None);
    }
}
