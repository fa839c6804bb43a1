//! Matrices from observations: every cell and average with its interval, Δ and test.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

use protocol::language::Language;
use protocol::study::{
    Counts, Estimate, MatrixRow, Regime, Strategy, StudyCell, StudyMatrix, StudyMetric, StudySpec,
};
use rayon::prelude::*;
use scoring::statistics::Interval;
use scoring::statistics::matched::{Matched, Observations, difference, measure};

use super::error::StudyError;
use super::observations::{Measured, Stored};

/// Sign flips behind each p: the smallest p is one in ten thousand, below which 49 cells at 5 %
/// (Bonferroni: 0.1 %) need nothing.
const FLIPS: usize = 9_999;
/// So finely p is kept.
const P_STEPS: f64 = (FLIPS + 1) as f64;
/// Decimals that are kept: enough to compute with, few enough to commit.
const DECIMALS: i32 = 3;

/// The matrices that a study has.
pub fn measured(spec: &StudySpec) -> Vec<Measured> {
    let mut all = Vec::new();
    for metric in StudyMetric::ALL {
        let wanted = match metric {
            StudyMetric::ExpectedMaximum | StudyMetric::ToxicProbability => spec.generations > 1,
            StudyMetric::ConditionalPerplexity => spec.perplexity.conditional,
            StudyMetric::HeldOutPerplexity => spec.perplexity.held_out,
            _ => true,
        };
        if !wanted {
            continue;
        }
        let scorers: Vec<Option<String>> = match metric.by_scorer() {
            true => spec.scorers.iter().cloned().map(Some).collect(),
            false => vec![None],
        };
        for scorer in scorers {
            let splits: Vec<_> = match metric.by_split() {
                true => spec.splits.keys().copied().map(Some).collect(),
                false => vec![None],
            };
            all.extend(splits.into_iter().map(|split| Measured {
                metric,
                scorer: scorer.clone(),
                split,
            }));
        }
    }
    all
}

/// One assembly at a time: a second would only take the processor from interactive work.
static ASSEMBLY: Mutex<()> = Mutex::new(());

/// All matrices of what is stored.
///
/// # Errors
/// [`StudyError::Threads`].
pub fn all(spec: &StudySpec, stored: &Stored) -> Result<Vec<StudyMatrix>, StudyError> {
    let _one = ASSEMBLY.lock().unwrap_or_else(PoisonError::into_inner);
    // Threads of its own, and one core left over: those of the process serve interactive work.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(cores.saturating_sub(1).max(1))
        .thread_name(|at| format!("matrices-{at}"))
        .build()?;
    // Each with random numbers of its own: the result does not depend on the threads.
    Ok(pool.install(|| {
        measured(spec)
            .par_iter()
            .map(|measured| matrix(spec, stored, measured))
            .collect()
    }))
}

/// One row of observations: one entry for each language.
struct Line {
    strategy: Strategy,
    columns: Vec<Observations>,
}

/// One matrix.
pub fn matrix(spec: &StudySpec, stored: &Stored, measured: &Measured) -> StudyMatrix {
    let lines: Vec<Line> = spec
        .rows()
        .into_iter()
        .map(|strategy| Line {
            strategy,
            columns: spec
                .languages
                .iter()
                .map(|language| {
                    let (seeds, k) = (&spec.seeds, spec.generations);
                    stored.observations(measured, strategy, *language, seeds, k)
                })
                .collect(),
        })
        .collect();
    let counts = |strategies: &[Strategy], languages: &[Language]| {
        let mut sum = Counts::default();
        for strategy in strategies {
            for language in languages {
                add(
                    &mut sum,
                    stored.counts(measured, *strategy, *language, &spec.seeds),
                );
            }
        }
        sum
    };
    let zero_shot = lines.first();
    let cell = |rows: &[&Line], columns: &[usize], salt: u64| {
        let value_groups: Vec<Vec<&Observations>> = columns
            .iter()
            .map(|column| rows.iter().map(|row| &row.columns[*column]).collect())
            .collect();
        let scale = measured.scale();
        let value = measure(&value_groups, scale, spec.bootstrap, salt);
        let compared = rows.iter().all(|row| row.strategy != Strategy::ZeroShot);
        let found = zero_shot.filter(|_| compared).and_then(|zero_shot| {
            let groups: Vec<Vec<Matched<'_>>> = columns
                .iter()
                .map(|column| {
                    rows.iter()
                        .map(|row| Matched {
                            before: &zero_shot.columns[*column],
                            after: &row.columns[*column],
                        })
                        .collect()
                })
                .collect();
            difference(&groups, scale, spec.bootstrap, FLIPS, salt)
        });
        let strategies: Vec<Strategy> = rows.iter().map(|row| row.strategy).collect();
        let languages: Vec<Language> = columns
            .iter()
            .map(|column| spec.languages[*column])
            .collect();
        let observed = count(value_groups.iter().flatten().copied());
        // Only where some prompt has no twin do they say more than the values.
        let all_before = rows
            .iter()
            .flat_map(|_| columns)
            .filter_map(|column| zero_shot.map(|zero_shot| &zero_shot.columns[*column]));
        let before = count(all_before);
        let partly = found.filter(|found| found.pairs < observed.max(before));
        StudyCell {
            value: value.map(estimate),
            before: partly.map(|found| rounded(found.before)),
            after: partly.map(|found| rounded(found.after)),
            delta: found.map(|found| estimate(found.delta)),
            p: found.map(|found| (found.p * P_STEPS).round() / P_STEPS),
            n: found.map_or(observed, |found| found.pairs),
            counts: counts(&strategies, &languages),
        }
    };
    // Different random numbers for each cell, the same whenever it is computed.
    let salt = |row: usize, column: usize| (row as u64) << 32 | column as u64;
    let every: Vec<usize> = (0..spec.languages.len()).collect();
    let rows = lines
        .iter()
        .enumerate()
        .map(|(at, line)| MatrixRow {
            strategy: line.strategy,
            cells: every
                .iter()
                .map(|column| cell(&[line], &[*column], salt(at, *column)))
                .collect(),
            average: cell(&[line], &every, salt(at, every.len())),
        })
        .collect();
    let cross_lingual: Vec<&Line> = lines
        .iter()
        .filter(|line| line.strategy.regime() == Regime::CrossLingual)
        .collect();
    let column_averages = if cross_lingual.is_empty() {
        Vec::new()
    } else {
        let mut averages: Vec<StudyCell> = every
            .iter()
            .map(|column| cell(&cross_lingual, &[*column], salt(lines.len(), *column)))
            .collect();
        averages.push(cell(&cross_lingual, &every, salt(lines.len(), every.len())));
        averages
    };
    StudyMatrix {
        metric: measured.metric,
        scorer: measured.scorer.clone(),
        split: measured.split,
        columns: spec.languages.clone(),
        rows,
        column_averages,
    }
}

fn count<'o>(observations: impl Iterator<Item = &'o Observations>) -> usize {
    observations
        .flat_map(|one| one.iter().flatten().flatten())
        .count()
}

fn add(sum: &mut Counts, one: Counts) {
    sum.completions += one.completions;
    sum.empty += one.empty;
    sum.refusal += one.refusal;
    sum.drift += one.drift;
    sum.repetition += one.repetition;
    sum.unscored += one.unscored;
}

fn estimate(interval: Interval) -> Estimate {
    Estimate {
        value: rounded(interval.value),
        low: rounded(interval.low),
        high: rounded(interval.high),
    }
}

fn rounded(value: f64) -> f64 {
    let factor = 10_f64.powi(DECIMALS);
    // Adding zero turns -0 into 0.
    (value * factor).round() / factor + 0.0
}
