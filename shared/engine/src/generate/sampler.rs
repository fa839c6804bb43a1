//! From logits to one token.

use protocol::generation::SamplerSettings;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::kernels::simd;

/// Chooses tokens for one sequence. The same seed and logits give the same tokens.
pub struct Sampler {
    settings: SamplerSettings,
    random: ChaCha8Rng,
}

impl Sampler {
    /// Settings must have been validated.
    pub fn new(settings: SamplerSettings) -> Self {
        let random = ChaCha8Rng::seed_from_u64(settings.seed);
        Self { settings, random }
    }

    /// Whether the settings always choose the largest logit.
    pub fn takes_the_most_likely(&self) -> bool {
        self.settings.temperature == 0.0 && self.settings.repetition_penalty == 1.0
    }

    /// Penalises what was already seen, then chooses. `seen` holds prompt and completion.
    pub fn choose(&mut self, seen: &[u32], logits: &mut [f32]) -> u32 {
        self.penalise(seen, logits);
        if self.settings.temperature == 0.0 {
            return simd::largest(logits).0 as u32;
        }
        let candidates = self.candidates(logits);
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut point = self.random.random::<f64>() * total;
        for (token, weight) in &candidates {
            point -= weight;
            if point < 0.0 {
                return *token;
            }
        }
        // Rounding may leave a sliver after the last candidate.
        candidates.last().map_or(0, |(token, _)| *token)
    }

    fn penalise(&self, seen: &[u32], logits: &mut [f32]) {
        let penalty = self.settings.repetition_penalty;
        if penalty == 1.0 {
            return;
        }
        let mut seen = seen.to_vec();
        seen.sort_unstable();
        seen.dedup();
        for token in seen {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = if *logit > 0.0 {
                    *logit / penalty
                } else {
                    *logit * penalty
                };
            }
        }
    }

    /// Tokens that survive top-k and top-p, most likely first, with unnormalised probabilities.
    fn candidates(&self, logits: &[f32]) -> Vec<(u32, f64)> {
        let temperature = f64::from(self.settings.temperature);
        let (_, highest) = simd::largest(logits);
        let weigh = |logit: f32| ((f64::from(logit) - f64::from(highest)) / temperature).exp();
        let mut ranked: Vec<(u32, f32)> = logits
            .iter()
            .enumerate()
            .filter(|(_, logit)| logit.is_finite())
            .map(|(token, logit)| (token as u32, *logit))
            .collect();
        let by_logit = |left: &(u32, f32), right: &(u32, f32)| {
            right.1.total_cmp(&left.1).then(left.0.cmp(&right.0))
        };
        let top_k = self.settings.top_k as usize;
        if top_k > 0 && top_k < ranked.len() {
            ranked.select_nth_unstable_by(top_k - 1, by_logit);
            ranked.truncate(top_k);
        }
        let top_p = f64::from(self.settings.top_p);
        if top_p >= 1.0 {
            // The order does not change the distribution, but a fixed one keeps a seed's result.
            return ranked
                .into_iter()
                .map(|(token, logit)| (token, weigh(logit)))
                .collect();
        }
        let total: f64 = ranked.iter().map(|(_, logit)| weigh(*logit)).sum();
        // Sorting a quarter of a million tokens for the few that matter would cost more than the
        // model's step: a prefix that covers the nucleus is cut off first.
        let mut prefix = 256;
        loop {
            let sorted = prefix.min(ranked.len());
            if sorted < ranked.len() {
                ranked.select_nth_unstable_by(sorted, by_logit);
            }
            ranked[..sorted].sort_unstable_by(by_logit);
            let mut reached = 0.0;
            for kept in 0..sorted {
                reached += weigh(ranked[kept].1);
                if reached >= top_p * total || (kept + 1 == ranked.len()) {
                    return ranked[..=kept]
                        .iter()
                        .map(|(token, logit)| (*token, weigh(*logit)))
                        .collect();
                }
            }
            if ranked.is_empty() {
                return Vec::new();
            }
            prefix *= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequencies(settings: SamplerSettings, logits: &[f32], draws: usize) -> Vec<f64> {
        let mut sampler = Sampler::new(settings);
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..draws {
            counts[sampler.choose(&[], &mut logits.to_vec()) as usize] += 1.0 / draws as f64;
        }
        counts
    }

    #[test]
    fn temperature_one_follows_the_softmax() {
        let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
        let settings = SamplerSettings {
            temperature: 1.0,
            ..Default::default()
        };
        let counts = frequencies(settings, &logits, 20_000);
        for (count, expected) in counts.iter().zip([0.125, 0.25, 0.625]) {
            assert!((count - expected).abs() < 0.015, "{counts:?}");
        }
    }

    #[test]
    fn top_p_keeps_the_smallest_sufficient_set() {
        let logits = [0.0, 2.0f32.ln(), 5.0f32.ln()];
        let settings = SamplerSettings {
            temperature: 1.0,
            top_p: 0.7,
            ..Default::default()
        };
        let counts = frequencies(settings, &logits, 5_000);
        assert_eq!(counts[0], 0.0);
        assert!((counts[2] - 5.0 / 7.0).abs() < 0.03, "{counts:?}");
    }

    #[test]
    fn top_k_one_is_greedy_and_seeds_reproduce() {
        let logits: Vec<f32> = (0..1000)
            .map(|index| ((index * 37) % 101) as f32 / 10.0)
            .collect();
        let settings = SamplerSettings {
            temperature: 2.0,
            top_k: 1,
            ..Default::default()
        };
        let greedy = Sampler::new(SamplerSettings::default()).choose(&[], &mut logits.clone());
        let top = Sampler::new(settings).choose(&[], &mut logits.clone());
        assert_eq!(logits[greedy as usize], logits[top as usize]);
        let draw = |seed| {
            let mut sampler = Sampler::new(SamplerSettings {
                temperature: 1.0,
                top_p: 0.9,
                seed,
                ..Default::default()
            });
            (0..20)
                .map(|_| sampler.choose(&[], &mut logits.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn repetition_penalty_shrinks_what_was_seen() {
        let mut sampler = Sampler::new(SamplerSettings {
            repetition_penalty: 2.0,
            ..Default::default()
        });
        assert_eq!(sampler.choose(&[1], &mut [1.0, 1.5, -1.0]), 0);
        let mut logits = [-1.0, -1.2];
        assert_eq!(sampler.choose(&[0], &mut logits), 1);
        assert_eq!(logits, [-2.0, -1.2]);
    }

    #[test]
    fn a_large_flat_nucleus_is_still_complete() {
        let logits = vec![0.0f32; 5000];
        let sampler = Sampler::new(SamplerSettings {
            temperature: 1.0,
            top_p: 0.9,
            ..Default::default()
        });
        assert_eq!(sampler.candidates(&logits).len(), 4500);
    }
}
