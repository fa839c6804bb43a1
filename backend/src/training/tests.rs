//! Runs on a tiny checkpoint: they learn, repeat, go on and stop.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use engine::checkpoint::MemorySource;
use engine::{LoadOptions, Model, WeightFormat};

use super::*;

fn model() -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/parity/gemma3/single");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let weights = MemorySource::new("model.safetensors", read("model.safetensors"));
    let options = LoadOptions {
        device: Device::flex(),
        weights: WeightFormat::AsStored,
    };
    let (config, tokenizer) = (read("config.json"), read("tokenizer.json"));
    Model::from_safetensors(&config, &tokenizer, &[&weights], &options).unwrap()
}

fn texts() -> Vec<String> {
    [
        "the end of the line",
        "the rest",
        "of the",
        "a line the end",
        "end of the rest of it",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn settings() -> SftSettings {
    SftSettings {
        rank: 2,
        lora_alpha: 4.0,
        lora_dropout: 0.2,
        learning_rate: 2e-2,
        batch_size: 2,
        gradient_accumulation: 1,
        epochs: 3,
        max_length: 12,
        checkpoint_every: 2,
        ..SftSettings::default()
    }
}

/// Runs, cancels after update `until`, and gives the events.
fn run(
    settings: &SftSettings,
    validation: &[String],
    checkpoints: Option<&Path>,
    until: u64,
) -> (Result<TrainedAdapter, TrainingError>, Vec<TrainingEvent>) {
    let mut events = Vec::new();
    let result = train_sft(
        &model(),
        &texts(),
        validation,
        settings,
        checkpoints,
        &mut |event| {
            events.push(event.clone());
            match event {
                TrainingEvent::Step { step, .. } if *step == until => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        },
    );
    (result, events)
}

fn losses(events: &[TrainingEvent]) -> Vec<f64> {
    let loss = |event: &TrainingEvent| match event {
        TrainingEvent::Step { loss, .. } => Some(*loss),
        _ => None,
    };
    events.iter().filter_map(loss).collect()
}

#[test]
fn it_learns_and_tells() {
    let mut settings = settings();
    settings.epochs = 12;
    settings.lora_dropout = 0.0;
    let (trained, events) = run(&settings, &[], None, u64::MAX);
    let trained = trained.unwrap();
    assert_eq!((trained.steps, trained.end), (36, TrainingEnd::Completed));
    let losses = losses(&events);
    assert_eq!(losses.len(), 36);
    assert!(
        losses[33..].iter().sum::<f64>() < 0.7 * losses[..3].iter().sum::<f64>(),
        "{losses:?}"
    );
    assert_eq!(losses.last(), Some(&trained.final_loss));
    let TrainingEvent::Started {
        texts,
        tokens_per_epoch,
        ..
    } = events[0]
    else {
        panic!("{:?}", events[0]);
    };
    assert_eq!((texts, tokens_per_epoch * 12), (5, trained.tokens));
    assert!(matches!(
        events.last(),
        Some(TrainingEvent::Finished { .. })
    ));
}

#[test]
fn an_interrupted_run_ends_where_an_uninterrupted_one_does() {
    let settings = settings();
    let validation = texts()[..2].to_vec();
    let (whole, whole_events) = run(&settings, &validation, None, u64::MAX);
    let whole = whole.unwrap();
    for until in [1, 4, 8] {
        let folder = tempfile::tempdir().unwrap();
        let (broken, _) = run(&settings, &validation, Some(folder.path()), until);
        assert!(matches!(broken, Err(TrainingError::Cancelled { step }) if step == until));
        let (resumed, events) = run(&settings, &validation, Some(folder.path()), u64::MAX);
        let resumed = resumed.unwrap();
        assert!(
            matches!(events[0], TrainingEvent::Started { resumed_at, .. } if resumed_at == until)
        );
        assert_eq!(resumed.adapter, whole.adapter, "after {until}");
        assert_eq!(resumed.validation_loss, whole.validation_loss);
        assert_eq!(losses(&events), losses(&whole_events)[until as usize..]);
        // A finished run is told again without any work.
        let (again, events) = run(&settings, &validation, Some(folder.path()), u64::MAX);
        assert_eq!(again.unwrap().adapter, whole.adapter);
        assert_eq!(losses(&events).len(), 0);
    }
}

#[test]
fn a_checkpoint_of_another_run_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (broken, _) = run(&settings(), &[], Some(folder.path()), 2);
    assert!(broken.is_err());
    let mut others = settings();
    others.seed = 7;
    let (refused, _) = run(&others, &[], Some(folder.path()), u64::MAX);
    assert!(matches!(refused, Err(TrainingError::OtherRun(_))));
    let path: PathBuf = folder.path().join("checkpoint.bin");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (refused, _) = run(&settings(), &[], Some(folder.path()), u64::MAX);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("not those that were written")
    );
    fs::write(&path, &bytes[..40]).unwrap();
    let (refused, _) = run(&settings(), &[], Some(folder.path()), u64::MAX);
    assert!(matches!(refused, Err(TrainingError::Checkpoint { .. })));
}

#[test]
fn it_stops_early_with_the_best_adapter() {
    let mut settings = settings();
    settings.epochs = 40;
    settings.learning_rate = 0.2;
    settings.patience = Some(2);
    let validation = vec!["it of end a".to_owned()];
    let (trained, events) = run(&settings, &validation, None, u64::MAX);
    let trained = trained.unwrap();
    assert_eq!(trained.end, TrainingEnd::StoppedEarly);
    assert!(trained.steps < 120);
    let model = model();
    let pass = engine::gradient::GradientPass::new(&model, BasePrecision::F32).unwrap();
    let tokens = model.tokenizer().encode(&validation[0], true).unwrap();
    let loss = pass.loss(&trained.adapter, &[&tokens]).unwrap().mean();
    assert_eq!(Some(loss), trained.validation_loss);
    let lowest = events.iter().filter_map(|event| match event {
        TrainingEvent::Validation { loss, .. } => Some(*loss),
        _ => None,
    });
    assert_eq!(lowest.fold(f64::INFINITY, f64::min), loss);
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let mut no_validation = settings();
    no_validation.patience = Some(1);
    assert!(matches!(
        run(&no_validation, &[], None, 9).0,
        Err(TrainingError::NoValidation)
    ));
    let mut unknown = settings();
    unknown.target_modules = vec!["lm_head".to_owned()];
    let error = run(&unknown, &[], None, 9).0.unwrap_err();
    assert!(error.to_string().contains("q_proj"), "{error}");
    let nothing = train_sft(&model(), &[], &[], &settings(), None, &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(matches!(nothing, Err(TrainingError::NoText { texts: 0 })));
}
