//! Fits one language's table, and calibrates it on texts that the fit did not see.

use protocol::language::Language;

use super::artefact::LanguageModel;
use super::features::{DENSE, Features, Workspace};
use super::lbfgs::minimise;
use super::quantise::quantise;
use crate::normalise::normalise;

/// A labelled text.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text as it came.
    pub text: String,
    /// Whether it is toxic.
    pub toxic: bool,
    /// How much it counts.
    pub weight: f32,
    /// Examples with the same number are in the same fold: a pair is never torn apart.
    pub group: u64,
    /// How much it counts when the scale of probabilities is set; 0 for not at all.
    pub calibrates: f32,
}

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainOptions {
    /// Logarithm of the number of buckets.
    pub bits: u32,
    /// Strength of the pull towards zero.
    pub penalty: f64,
    /// Passes over the data at most.
    pub iterations: usize,
    /// Parts of the cross-validation.
    pub folds: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            bits: 17,
            penalty: 0.07,
            iterations: 120,
            folds: 5,
        }
    }
}

/// The outcome for one language.
#[derive(Debug, Clone)]
pub struct TrainedLanguage {
    /// The table.
    pub model: LanguageModel,
    /// For each example, the probability from a fit that did not see its group, after calibration.
    pub held_out: Vec<f64>,
}

/// `weights` in full precision: buckets, then the dense features, then the bias.
fn logit(weights: &[f64], row: &Features) -> f64 {
    let buckets = weights.len() - DENSE - 1;
    let (pieces, context) = row.buckets.split_at(row.context);
    let sum =
        |buckets: &[u32]| -> f64 { buckets.iter().map(|&bucket| weights[bucket as usize]).sum() };
    let dense: f64 = row
        .dense
        .iter()
        .zip(&weights[buckets..])
        .map(|(value, weight)| f64::from(*value) * weight)
        .sum();
    f64::from(row.value) * sum(pieces)
        + f64::from(row.context_value) * sum(context)
        + dense
        + weights[weights.len() - 1]
}

/// Fits, cross-validates and calibrates. The same examples in the same order give the same bits.
pub fn train_language(
    language: Language,
    examples: &[Example],
    options: &TrainOptions,
) -> TrainedLanguage {
    let mut workspace = Workspace::default();
    let rows: Vec<Features> = examples
        .iter()
        .map(|example| {
            let text = normalise(&example.text);
            workspace
                .extract(&text, language, options.bits, |_, _| {})
                .clone()
        })
        .collect();
    let mut logits = vec![0.0; rows.len()];
    for fold in 0..options.folds {
        let held_out = |at: usize| fold_of(examples[at].group, options.folds) == fold;
        let seen: Vec<usize> = (0..rows.len()).filter(|at| !held_out(*at)).collect();
        let weights = fit(&rows, examples, &seen, options);
        for at in (0..rows.len()).filter(|at| held_out(*at)) {
            logits[at] = logit(&weights, &rows[at]);
        }
    }
    let (slope, offset) = calibrate(&logits, examples);
    let all: Vec<usize> = (0..rows.len()).collect();
    let weights = fit(&rows, examples, &all, options);
    TrainedLanguage {
        model: quantise(language, &weights, slope, offset),
        held_out: logits
            .iter()
            .map(|logit| sigmoid(slope * logit + offset))
            .collect(),
    }
}

/// The fold of a group: consecutive numbers in no order, so that folds do not follow the order of a
/// file.
pub fn fold_of(group: u64, folds: u64) -> u64 {
    let mixed = (group ^ (group >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 33) % folds
}

fn fit(
    rows: &[Features],
    examples: &[Example],
    seen: &[usize],
    options: &TrainOptions,
) -> Vec<f64> {
    let buckets = 1_usize << options.bits;
    let bias = buckets + DENSE;
    minimise(
        vec![0.0; bias + 1],
        options.iterations,
        |weights, gradient| {
            gradient.fill(0.0);
            let mut loss = 0.0;
            for &at in seen {
                let row = &rows[at];
                let logit = logit(weights, row);
                let weight = f64::from(examples[at].weight);
                let target = f64::from(u8::from(examples[at].toxic));
                loss += weight * (softplus(logit) - target * logit);
                let error = weight * (sigmoid(logit) - target);
                let (pieces, context) = row.buckets.split_at(row.context);
                for (buckets, value) in [(pieces, row.value), (context, row.context_value)] {
                    let share = error * f64::from(value);
                    for &bucket in buckets {
                        gradient[bucket as usize] += share;
                    }
                }
                for index in 0..DENSE {
                    gradient[buckets + index] += error * f64::from(row.dense[index]);
                }
                gradient[bias] += error;
            }
            // The bias is free.
            for (weight, slope) in weights[..bias].iter().zip(&mut gradient[..bias]) {
                loss += 0.5 * options.penalty * weight * weight;
                *slope += options.penalty * weight;
            }
            loss
        },
    )
}

/// Platt's scaling: slope and offset that make the held-out logits probabilities.
fn calibrate(logits: &[f64], examples: &[Example]) -> (f64, f64) {
    let found = minimise(vec![1.0, 0.0], 200, |at, gradient| {
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (logit, example) in logits.iter().zip(examples) {
            let weight = f64::from(example.calibrates);
            if weight == 0.0 {
                continue;
            }
            let scaled = at[0] * logit + at[1];
            let target = f64::from(u8::from(example.toxic));
            loss += weight * (softplus(scaled) - target * scaled);
            let error = weight * (sigmoid(scaled) - target);
            gradient[0] += error * logit;
            gradient[1] += error;
        }
        loss
    });
    (found[0], found[1])
}

pub(super) fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// ln(1 + eˣ) without overflow.
fn softplus(logit: f64) -> f64 {
    logit.max(0.0) + (-logit.abs()).exp().ln_1p()
}
