//! Differences matched by prompt: intervals and a test for one cell of a matrix and for averages
//! over its rows and columns.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::bootstrap::Interval;

/// What one prompt gave: a value, and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The value.
    pub value: f64,
    /// 1, or the number of tokens that it is the mean of.
    pub weight: f64,
}

impl Observation {
    /// One that counts once.
    pub fn once(value: f64) -> Self {
        Self { value, weight: 1.0 }
    }
}

/// `observations[seed][prompt]`; `None` where there is nothing to measure.
pub type Observations = Vec<Vec<Option<Observation>>>;

/// How the weighted mean of the values becomes the measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// It is the measure.
    Mean,
    /// The values are logarithms: the measure is its exponential, as of perplexity.
    Exponential,
}

impl Scale {
    fn measure(self, mean: f64) -> f64 {
        match self {
            Scale::Mean => mean,
            Scale::Exponential => mean.exp(),
        }
    }

    /// By how much the measure changes with the mean between two means: the measures' difference
    /// is this times the means'.
    fn slope(self, before: f64, after: f64) -> f64 {
        match self {
            Scale::Mean => 1.0,
            Scale::Exponential if (before - after).abs() > 1e-12 => {
                (before.exp() - after.exp()) / (before - after)
            }
            Scale::Exponential => before.exp(),
        }
    }
}

/// The same prompts and seeds before and after.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// Before.
    pub before: &'a Observations,
    /// After.
    pub after: &'a Observations,
}

/// A difference before − after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The measure before, of what has a value in both.
    pub before: f64,
    /// The measure after, of the same.
    pub after: f64,
    /// Before − after, with its 95 % interval.
    pub delta: Interval,
    /// Two-sided p of no difference, by flipping the signs of the prompts' differences; with
    /// several seeds no smaller than what the resamples behind the interval say.
    pub p: f64,
    /// Pairs of observations.
    pub pairs: usize,
}

/// Prompts (and how often) and seeds of one resample.
struct Draw {
    seeds: Vec<usize>,
    prompts: Vec<usize>,
}

/// The measure of groups with its interval. A group is a language: it has its own prompts, which
/// its members (rows of the matrix) share. Members count alike within a group and groups within
/// the average; one group with one member is a cell. Each resample draws seeds once and prompts in
/// each group. `None` unless every member has a value: averages over different languages could not
/// be compared, and an empty cell would only make them look better.
pub fn measure(
    groups: &[Vec<&Observations>],
    scale: Scale,
    rounds: usize,
    seed: u64,
) -> Option<Interval> {
    // Averages are over measures, as in the tables, not over their logarithms.
    let of = |draws: Option<&[Draw]>| {
        average(groups.iter().enumerate().map(|(at, members)| {
            average(members.iter().map(|member| {
                mean(member, draws.map(|draws| &draws[at])).map(|mean| scale.measure(mean))
            }))
        }))
    };
    let shapes: Vec<(usize, usize)> = groups
        .iter()
        .map(|members| members.first().map_or((0, 0), |member| shape(member)))
        .collect();
    resampled(&shapes, rounds, seed, of).map(|found| found.0)
}

/// The difference of groups with its interval and test; groups as in [`measure`]. `None` if some
/// member has no prompt with a value on both sides.
pub fn difference(
    groups: &[Vec<Matched<'_>>],
    scale: Scale,
    rounds: usize,
    flips: usize,
    seed: u64,
) -> Option<Difference> {
    let side = |before: bool, draws: Option<&[Draw]>| {
        average(groups.iter().enumerate().map(|(at, members)| {
            average(members.iter().map(|member| {
                paired_mean(*member, before, draws.map(|draws| &draws[at]))
                    .map(|mean| scale.measure(mean))
            }))
        }))
    };
    let shapes: Vec<(usize, usize)> = groups
        .iter()
        .map(|members| {
            members
                .first()
                .map_or((0, 0), |member| shape(member.before))
        })
        .collect();
    let (delta, resamples) = resampled(&shapes, rounds, seed, |draws| {
        Some(side(true, draws)? - side(false, draws)?)
    })?;
    let pairs = groups
        .iter()
        .flatten()
        .map(|member| pairs(*member).count())
        .sum();
    let mut p = sign_flips(groups, scale, flips, seed);
    if shapes.iter().any(|shape| shape.0 > 1) {
        // Flips keep a prompt's seeds together: how far seeds disagree is only in the resamples.
        p = p.max(two_sided(&resamples));
    }
    Some(Difference {
        before: side(true, None)?,
        after: side(false, None)?,
        delta,
        p,
        pairs,
    })
}

/// Sign flips of whole prompts: under no difference, before and after could change places. A
/// prompt's seeds and a group's members flip together, because they are not independent.
fn sign_flips(groups: &[Vec<Matched<'_>>], scale: Scale, flips: usize, seed: u64) -> f64 {
    let differences: Vec<f64> = groups
        .iter()
        .flat_map(|members| contributions(members, scale))
        .collect();
    let observed = differences.iter().sum::<f64>().abs();
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5167_4e46_4c49_5053);
    // A hair less, so that a permutation with the same sum counts whatever the rounding.
    let enough = observed * (1.0 - 1e-12);
    let mut reached = 0_usize;
    for _ in 0..flips {
        let mut sum = 0.0;
        for chunk in differences.chunks(64) {
            let mut bits = random.next_u64();
            for difference in chunk {
                sum += if bits & 1 == 0 {
                    *difference
                } else {
                    -*difference
                };
                bits >>= 1;
            }
        }
        if sum.abs() >= enough {
            reached += 1;
        }
    }
    (reached + 1) as f64 / (flips + 1) as f64
}

/// What each prompt of a group adds to the group's difference of measures: their sum is that
/// difference.
fn contributions(members: &[Matched<'_>], scale: Scale) -> Vec<f64> {
    let prompts = members.first().map_or(0, |member| shape(member.before).1);
    let mut sums = vec![0.0; prompts];
    for member in members {
        let means = [true, false].map(|before| paired_mean(*member, before, None));
        let [Some(before), Some(after)] = means else {
            continue;
        };
        let total: f64 = pairs(*member).map(|(_, before, _)| before.weight).sum();
        let after_total: f64 = pairs(*member).map(|(.., after)| after.weight).sum();
        let factor = scale.slope(before, after) / members.len() as f64;
        for (prompt, before, after) in pairs(*member) {
            let difference =
                before.weight / total * before.value - after.weight / after_total * after.value;
            sums[prompt] += factor * difference;
        }
    }
    sums
}

/// Prompt, before and after, of everything that has both.
fn pairs(member: Matched<'_>) -> impl Iterator<Item = (usize, Observation, Observation)> {
    let seeds = member.before.iter().zip(member.after);
    seeds.flat_map(|(before, after)| {
        before
            .iter()
            .zip(after)
            .enumerate()
            .filter_map(|(prompt, (before, after))| Some((prompt, (*before)?, (*after)?)))
    })
}

fn shape(observations: &Observations) -> (usize, usize) {
    let prompts = observations.iter().map(Vec::len).max().unwrap_or_default();
    (observations.len(), prompts)
}

/// The measure with its interval, and the resamples' measures in order.
fn resampled(
    shapes: &[(usize, usize)],
    rounds: usize,
    seed: u64,
    measure: impl Fn(Option<&[Draw]>) -> Option<f64>,
) -> Option<(Interval, Vec<f64>)> {
    let value = measure(None)?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let seeds = shapes.iter().map(|shape| shape.0).max().unwrap_or_default();
    let mut values = Vec::with_capacity(rounds);
    let mut draws: Vec<Draw> = shapes
        .iter()
        .map(|_| Draw {
            seeds: Vec::new(),
            prompts: Vec::new(),
        })
        .collect();
    for _ in 0..rounds {
        let drawn = resample(&mut random, seeds);
        for (draw, (_, prompts)) in draws.iter_mut().zip(shapes) {
            draw.seeds.clone_from(&drawn);
            draw.prompts = resample(&mut random, *prompts);
        }
        values.extend(measure(Some(&draws)));
    }
    values.sort_by(f64::total_cmp);
    let percentile = |share: f64| {
        let at = share * values.len().saturating_sub(1) as f64;
        values.get(at.round() as usize).copied().unwrap_or(value)
    };
    let found = Interval {
        value,
        low: percentile(0.025),
        high: percentile(0.975),
    };
    Some((found, values))
}

/// Twice the share of resamples that are not on the side of most; 0 is on neither side.
fn two_sided(resamples: &[f64]) -> f64 {
    if resamples.is_empty() {
        return 1.0;
    }
    let share = |other: &dyn Fn(f64) -> bool| {
        resamples.iter().filter(|value| other(**value)).count() as f64 / resamples.len() as f64
    };
    let (below, above) = (share(&|value| value <= 0.0), share(&|value| value >= 0.0));
    (2.0 * below.min(above)).min(1.0)
}

fn resample(random: &mut ChaCha8Rng, count: usize) -> Vec<usize> {
    // One seed stays what it is, and takes no random numbers.
    if count < 2 {
        return (0..count).collect();
    }
    (0..count).map(|_| random.random_range(0..count)).collect()
}

fn mean(observations: &Observations, draw: Option<&Draw>) -> Option<f64> {
    weighted(observations, draw, |seed, prompt| {
        *observations.get(seed)?.get(prompt)?
    })
}

fn paired_mean(member: Matched<'_>, before: bool, draw: Option<&Draw>) -> Option<f64> {
    weighted(member.before, draw, |seed, prompt| {
        let first = (*member.before.get(seed)?.get(prompt)?)?;
        let second = (*member.after.get(seed)?.get(prompt)?)?;
        Some(if before { first } else { second })
    })
}

fn weighted(
    observations: &Observations,
    draw: Option<&Draw>,
    at: impl Fn(usize, usize) -> Option<Observation>,
) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut add = |seed: usize, prompt: usize| {
        if let Some(observation) = at(seed, prompt) {
            sum += observation.weight * observation.value;
            weights += observation.weight;
        }
    };
    match draw {
        Some(draw) => {
            for seed in &draw.seeds {
                for prompt in &draw.prompts {
                    add(*seed, *prompt);
                }
            }
        }
        None => {
            for (seed, prompts) in observations.iter().enumerate() {
                for prompt in 0..prompts.len() {
                    add(seed, prompt);
                }
            }
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// Of all of them: `None` if one is missing.
fn average(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value?;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn one_seed(values: &[f64]) -> Observations {
        vec![
            values
                .iter()
                .map(|value| Some(Observation::once(*value)))
                .collect(),
        ]
    }

    fn cell(before: &Observations, after: &Observations) -> Difference {
        difference(
            &[vec![Matched { before, after }]],
            Scale::Mean,
            2000,
            4999,
            1,
        )
        .unwrap()
    }

    #[test]
    fn what_has_no_twin_counts_in_no_difference() {
        let mut before = one_seed(&[0.4, 0.6, 0.2]);
        let mut after = one_seed(&[0.1, 0.3, 0.9]);
        after[0][2] = None;
        let found = cell(&before, &after);
        assert!((found.before - 0.5).abs() < 1e-12 && (found.after - 0.2).abs() < 1e-12);
        assert!((found.delta.value - 0.3).abs() < 1e-12);
        assert_eq!(found.pairs, 2);
        before[0] = vec![None; 3];
        let groups = [vec![Matched {
            before: &before,
            after: &after,
        }]];
        assert_eq!(difference(&groups, Scale::Mean, 10, 10, 1), None);
    }

    #[test]
    fn interval_and_p_are_those_of_the_theory() {
        // Differences of 0.1 ± 0.5, 200 of them: standard error 0.0354, z = 2.83, p = 0.005.
        let before: Vec<f64> = (0..200).map(|at| f64::from(at % 2) + 0.1).collect();
        let after = vec![0.5; 200];
        let found = cell(&one_seed(&before), &one_seed(&after));
        assert!((found.delta.value - 0.1).abs() < 1e-12);
        assert!(
            (found.delta.low - (0.1 - 1.96 * 0.0354)).abs() < 0.01,
            "{found:?}"
        );
        assert!(
            (found.delta.high - (0.1 + 1.96 * 0.0354)).abs() < 0.01,
            "{found:?}"
        );
        assert!((0.002..0.012).contains(&found.p), "{found:?}");
        let none = cell(&one_seed(&after), &one_seed(&after));
        assert_eq!((none.delta.low, none.delta.high, none.p), (0.0, 0.0, 1.0));
    }

    #[test]
    fn averages_count_members_and_groups_alike() {
        let (a, b) = (one_seed(&[1.0, 3.0]), one_seed(&[2.0, 4.0, 6.0, 8.0]));
        let zero = one_seed(&[0.0; 4]);
        let short = one_seed(&[0.0; 2]);
        let found = measure(&[vec![&a], vec![&b]], Scale::Mean, 200, 3).unwrap();
        assert!((found.value - 3.5).abs() < 1e-12, "(2 + 5) / 2");
        let groups = [
            vec![Matched {
                before: &a,
                after: &short,
            }],
            vec![
                Matched {
                    before: &b,
                    after: &zero,
                },
                Matched {
                    before: &b,
                    after: &b,
                },
            ],
        ];
        let found = difference(&groups, Scale::Mean, 200, 99, 3).unwrap();
        assert!((found.delta.value - (2.0 + 2.5) / 2.0).abs() < 1e-12);
        assert!(found.delta.low > 0.0 && found.p < 0.1);
        assert_eq!(found.pairs, 2 + 8);
    }

    #[test]
    fn an_average_with_an_empty_cell_is_none() {
        let (some, none) = (one_seed(&[1.0, 3.0]), vec![vec![None; 2]]);
        let both = |scale| measure(&[vec![&some], vec![&none]], scale, 20, 1);
        assert_eq!((both(Scale::Mean), both(Scale::Exponential)), (None, None));
        assert_eq!(measure(&[vec![&some, &none]], Scale::Mean, 20, 1), None);
        let pair = |after| Matched {
            before: &some,
            after,
        };
        for groups in [
            vec![vec![pair(&some)], vec![pair(&none)]],
            vec![vec![pair(&some), pair(&none)]],
        ] {
            assert_eq!(difference(&groups, Scale::Mean, 20, 9, 1), None);
        }
    }

    #[test]
    fn what_is_tested_is_the_difference_beside_it() {
        // One prompt of a language with much to lose, and six languages that get a little worse:
        // of logarithms the sum is negative, of perplexities it is positive.
        let texts = |perplexity: f64, count: usize| one_seed(&vec![perplexity.ln(); count]);
        let mut sides = vec![(texts(1000.0, 1), texts(900.0, 1))];
        sides.extend((0..6).map(|_| (texts(10.0, 20), texts(11.0, 20))));
        let groups: Vec<Vec<Matched<'_>>> = sides
            .iter()
            .map(|(before, after)| vec![Matched { before, after }])
            .collect();
        let found = difference(&groups, Scale::Exponential, 50, 999, 1).unwrap();
        assert!((found.delta.value - 94.0 / 7.0).abs() < 1e-9, "{found:?}");
        // Whatever is flipped, the one prompt decides.
        assert!((found.p - 1.0).abs() < 1e-12, "{found:?}");
        // Also where weights differ, and members share prompts.
        let weighed = |values: &[(f64, f64)]| -> Observations {
            let one = |(value, weight): &(f64, f64)| {
                Some(Observation {
                    value: *value,
                    weight: *weight,
                })
            };
            vec![values.iter().map(one).collect()]
        };
        let before = weighed(&[(1.0, 2.0), (3.0, 6.0)]);
        let after = weighed(&[(2.0, 5.0), (1.0, 1.0)]);
        let other = weighed(&[(0.5, 2.0), (0.1, 6.0)]);
        let members = [&after, &other, &before].map(|after| Matched {
            before: &before,
            after,
        });
        for scale in [Scale::Mean, Scale::Exponential] {
            let sum: f64 = contributions(&members, scale).iter().sum();
            let found = difference(&[members.to_vec()], scale, 1, 1, 1).unwrap();
            assert!((sum - found.delta.value).abs() < 1e-9, "{scale:?}");
        }
    }

    #[test]
    fn perplexities_weigh_tokens() {
        let texts: Observations = vec![vec![
            Some(Observation {
                value: 4_f64.ln(),
                weight: 6.0,
            }),
            Some(Observation {
                value: 2_f64.ln(),
                weight: 2.0,
            }),
        ]];
        let found = measure(&[vec![&texts]], Scale::Exponential, 100, 1).unwrap();
        assert!((found.value - 2_f64.powf(14.0 / 8.0)).abs() < 1e-12);
        assert!(found.low >= 2.0 - 1e-12 && found.high <= 4.0 + 1e-12);
    }

    #[test]
    fn several_seeds_widen_the_interval() {
        // Two seeds that disagree by more than the prompts do.
        let mut before = one_seed(&[0.5; 50]);
        before.push(before[0].clone());
        let mut after = one_seed(&[0.4; 50]);
        after.extend(one_seed(&[0.6; 50]));
        let found = cell(&before, &after);
        assert!((found.delta.low + 0.1).abs() < 1e-9 && (found.delta.high - 0.1).abs() < 1e-9);
        assert_eq!(found.pairs, 100);
        assert_eq!(found, cell(&before, &after), "seeded");
        // Every prompt says the same, but the seeds do not: that is no evidence.
        let mut after = one_seed(&[0.3; 50]);
        after.extend(one_seed(&[0.6; 50]));
        let found = cell(&before, &after);
        assert!(found.delta.low < 0.0 && found.delta.high > 0.0);
        assert!((found.p - 0.5).abs() < 0.05, "{found:?}");
    }
}
