//! A training step: an update of a fresh adapter on a batch of made-up texts.

use engine::Model;
use engine::adapter::Adapter;
use engine::gradient::GradientPass;
use protocol::training::{BasePrecision, SftSettings};

use super::measurements::{Clock, Figure};
use crate::cli::Failure;
use crate::training::Learner;

/// Texts of an update.
const TEXTS: usize = 24;
/// Updates that are measured, after one that is not.
const UPDATES: u64 = 3;

/// Tokens of text number `text`: 12 to 42, as sentences have.
fn length(text: usize) -> usize {
    12 + text * 11 % 31
}

/// Updates with the default settings; `texts` makes up the tokens of a text of some length.
pub(super) fn train(
    model: &Model,
    base_precision: BasePrecision,
    text: impl Fn(usize, usize) -> Vec<u32>,
) -> Result<Figure, Failure> {
    let settings = SftSettings {
        base_precision,
        ..SftSettings::default()
    };
    let config = crate::training::config(&settings)?;
    let adapter = Adapter::initial(model.spec(), config, settings.seed)?;
    let pass = GradientPass::new(model, base_precision)?;
    let mut learner = Learner::new(adapter);
    let texts: Vec<Vec<u32>> = (0..TEXTS)
        .map(|number| text(length(number), number))
        .collect();
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let rate = settings.learning_rate;
    let first = learner.update(&pass, &texts, &settings, 1, rate)?;
    let clock = Clock::start();
    for step in 2..2 + UPDATES {
        learner.update(&pass, &texts, &settings, step, rate)?;
    }
    let tokens: usize = texts.iter().map(|text| text.len()).sum();
    let mut figure = clock.stop(tokens * UPDATES as usize);
    figure.loss = Some(first.loss);
    Ok(figure)
}
