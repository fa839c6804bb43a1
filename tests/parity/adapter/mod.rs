//! Adapters that PEFT made for the tiny checkpoints give its logits here, and ours can be shown to
//! give the same logits there.

use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::Device;
use engine::adapter::{Adapter, AppliedAdapter, LoraConfig, Projection, peft};
use engine::checkpoint::safetensors::{Safetensors, writer};
use engine::checkpoint::{MemorySource, TensorStore};
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt, SequenceId};
use engine::runner::{Chunk, Runner};
use engine::{Model, WeightFormat};
use pollster::block_on;

use crate::tiny::Checkpoint;

const TOLERANCE: f32 = 1e-4;

#[test]
fn llama() {
    agrees("llama", "llama/untied");
}

#[test]
fn gemma3() {
    agrees("gemma3", "gemma3/single");
}

/// Reads a file that the exporter wrote.
fn read(name: &str, file: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("parity/adapter");
    std::fs::read(folder.join(name).join(file)).unwrap()
}

fn open(name: &str, model: &Model) -> Adapter {
    let tensors = MemorySource::new(peft::TENSORS_FILE, read(name, peft::TENSORS_FILE));
    Adapter::from_peft(&read(name, peft::CONFIG_FILE), &tensors, model.spec()).unwrap()
}

fn tokens_of(expected: &Safetensors<'_>) -> Vec<u32> {
    // The reader has no integer types.
    let values = expected.read("tokens").unwrap().to_f32().unwrap();
    values.iter().map(|token| *token as u32).collect()
}

fn logits(model: &Model, tokens: &[u32]) -> Vec<f32> {
    let mut runner = Runner::new(model).unwrap();
    let mut cache = runner.new_cache(tokens.len()).unwrap();
    let cache = &mut cache;
    let hidden = block_on(runner.forward(&mut [Chunk { tokens, cache }])).unwrap();
    let rows: Vec<usize> = (0..tokens.len()).collect();
    block_on(runner.logits(&hidden, &rows)).unwrap()
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    let differences = left.iter().zip(right).map(|(left, right)| left - right);
    differences.fold(0.0, |worst: f32, difference| {
        assert!(difference.is_finite());
        worst.max(difference.abs())
    })
}

fn agrees(name: &str, base: &str) {
    let model = Checkpoint::load(base).model;
    let source = MemorySource::new("expected.safetensors", read(name, "expected.safetensors"));
    let expected = Safetensors::open(&source).unwrap();
    let values = |name: &str| expected.read(name).unwrap().to_f32().unwrap();
    let tokens = tokens_of(&expected);
    let adapter = Arc::new(open(name, &model));
    let adapted = model.with_adapter(adapter.clone(), 1.0).unwrap();
    let ours = logits(&adapted, &tokens);
    let worst = distance(&ours, &values("adapted"));
    println!("{name}: largest error {worst:e}");
    assert!(worst <= TOLERANCE, "{worst}");
    assert!(distance(&ours, &values("base")) > 0.5);

    let merged = model.merged(&adapter, 1.0).unwrap();
    assert!(distance(&logits(&merged, &tokens), &ours) <= TOLERANCE);
    let without = logits(&adapted.without_adapter(), &tokens);
    let unused = model.with_adapter(adapter.clone(), 0.0).unwrap();
    assert_eq!(logits(&unused, &tokens), without);
    assert!(distance(&without, &values("base")) <= TOLERANCE);
    let half = model.with_adapter(adapter.clone(), 0.5).unwrap();
    assert!(distance(&logits(&half, &tokens), &ours) > 0.1);

    // Packed weights take the fused pass: beside them the adapter does what it does in them.
    let packed = Checkpoint::load_on(base, Device::flex(), WeightFormat::Packed8).model;
    let merged = packed.merged(&adapter, 1.0).unwrap();
    let packed = packed.with_adapter(adapter, 1.0).unwrap();
    let Runner::Fused(_) = Runner::new(&packed).unwrap() else {
        panic!("packed weights take the fused pass");
    };
    let worst = distance(&logits(&packed, &tokens), &logits(&merged, &tokens));
    println!("{name}: packed, beside and merged differ by {worst:e}");
    // Activations are rounded to fifteen bits for the packed product only.
    assert!(worst <= 1e-2, "{worst}");
}

/// One generator, several adapters at once: each sequence gets what it would get alone.
#[test]
fn sequences_with_different_adapters_share_a_generator() {
    for format in [WeightFormat::AsStored, WeightFormat::Packed8] {
        let model = Checkpoint::load_on("llama/untied", Device::flex(), format).model;
        let adapter = Arc::new(open("llama", &model));
        let choices = [None, Some(1.0), Some(0.5), None, Some(0.0), Some(1.0)];
        let alone: Vec<Vec<u32>> = choices
            .iter()
            .map(|strength| {
                let model = match strength {
                    Some(strength) => model.with_adapter(adapter.clone(), *strength).unwrap(),
                    None => model.clone(),
                };
                let mut generator = Generator::new(&model).unwrap();
                continued(&mut generator, vec![request(None)]).remove(0)
            })
            .collect();
        let requests = choices.map(|strength| {
            request(strength.map(|s| AppliedAdapter::new(adapter.clone(), s).unwrap()))
        });
        let mut generator = Generator::new(&model).unwrap();
        let together = continued(&mut generator, requests.into());
        assert_eq!(together, alone);
        assert_ne!(together[0], together[1]);
        assert_eq!(together[0], together[4]);
        assert_eq!(together[1], together[5]);
        // Runners of adapters that are not in use any more do not get in the way.
        let again = continued(&mut generator, vec![request(None)]);
        assert_eq!(again[0], alone[0]);
    }
    let gemma = Checkpoint::load("gemma3/single").model;
    let other = AppliedAdapter::new(Arc::new(open("gemma3", &gemma)), 1.0).unwrap();
    let model = Checkpoint::load("llama/untied").model;
    let mut generator = Generator::new(&model).unwrap();
    let error = generator.submit(request(Some(other))).unwrap_err();
    assert!(error.to_string().contains("adapter"), "{error}");
}

fn request(adapter: Option<AppliedAdapter>) -> GenerationRequest {
    GenerationRequest {
        max_new_tokens: 12,
        ignore_eos: true,
        adapter,
        ..GenerationRequest::new(Prompt::Text("the river".to_owned()))
    }
}

/// The tokens that each request gets.
fn continued(generator: &mut Generator, requests: Vec<GenerationRequest>) -> Vec<Vec<u32>> {
    let ids: Vec<SequenceId> = requests
        .into_iter()
        .map(|request| generator.submit(request).unwrap())
        .collect();
    let mut tokens = vec![Vec::new(); ids.len()];
    while generator.running() > 0 {
        for (id, event) in block_on(generator.step()).unwrap() {
            if let GenerationEvent::Token { token, .. } = event {
                let place = ids.iter().position(|other| *other == id).unwrap();
                tokens[place].push(token);
            }
        }
    }
    tokens
}

/// Leaves adapters of ours, with the logits that they give here, for `exporter.py check`.
#[test]
fn ours_load_in_peft() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("adapters");
    for (name, base) in [("llama", "llama/untied"), ("gemma3", "gemma3/single")] {
        let model = Checkpoint::load(base).model;
        let config = LoraConfig {
            rank: 5,
            alpha: 7.5,
            dropout: 0.1,
            target_modules: Projection::ALL.into_iter().collect(),
            base_model: Some(base.to_owned()),
        };
        let mut adapter = Adapter::initial(model.spec(), config, 8).unwrap();
        for factors in adapter
            .layers
            .iter_mut()
            .flat_map(|layer| layer.values_mut())
        {
            let a = factors.a.iter().cycle();
            factors.b = a.take(factors.b.len()).copied().collect();
        }
        let (config, bytes) = (adapter.peft_config(), adapter.peft_tensors(model.spec()));
        let file = MemorySource::new(peft::TENSORS_FILE, bytes.clone());
        let again = Adapter::from_peft(config.as_bytes(), &file, model.spec()).unwrap();
        assert_eq!(again, adapter);
        let tokens: Vec<u32> = (0..17).map(|at| 4 + at * 31 % 300).collect();
        let adapted = model.with_adapter(Arc::new(adapter), 1.0).unwrap();
        let logits = logits(&adapted, &tokens);
        let shape = vec![tokens.len(), model.vocabulary_size()];
        let expected = writer::single_precision(&std::collections::BTreeMap::from([
            ("adapted".to_owned(), (shape, logits)),
            (
                "tokens".to_owned(),
                (
                    vec![tokens.len()],
                    tokens.iter().map(|token| *token as f32).collect(),
                ),
            ),
        ]));
        let folder = directory.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(peft::CONFIG_FILE), config).unwrap();
        std::fs::write(folder.join(peft::TENSORS_FILE), bytes).unwrap();
        std::fs::write(folder.join("expected.safetensors"), expected).unwrap();
    }
    println!("for `exporter.py check`: {}", directory.display());
}
