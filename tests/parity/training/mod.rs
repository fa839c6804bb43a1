//! A training batch against PyTorch and PEFT: loss, the gradient of every factor, and the factors
//! after three updates, from the same adapters.

use std::path::PathBuf;

use backend::training::{AdamW, BasePrecision};
use engine::adapter::{Adapter, peft};
use engine::checkpoint::safetensors::Safetensors;
use engine::checkpoint::{MemorySource, TensorStore};
use engine::gradient::{GradientPass, Gradients};

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

fn file(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("parity");
    std::fs::read(folder.join(path)).unwrap()
}

/// A file in the layout of an adapter, with the configuration of the adapter it belongs to.
fn adapter(name: &str, path: &str, checkpoint: &Checkpoint) -> Adapter {
    let config = file(&format!("adapter/{name}/{}", peft::CONFIG_FILE));
    let tensors = MemorySource::new(path, file(path));
    Adapter::from_peft(&config, &tensors, checkpoint.model.spec()).unwrap()
}

fn values(adapter: &mut Adapter) -> impl Iterator<Item = &mut [f32]> {
    adapter
        .layers
        .iter_mut()
        .flat_map(|layer| layer.values_mut())
        .flat_map(|factors| [&mut *factors.a, &mut *factors.b])
}

/// The largest difference, relative to the largest of `theirs`.
fn distance<'a>(
    ours: impl Iterator<Item = &'a [f32]>,
    theirs: impl Iterator<Item = &'a mut [f32]>,
) -> f32 {
    let (mut worst, mut largest) = (0.0f32, 0.0f32);
    for (ours, theirs) in ours.zip(theirs) {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!(ours.is_finite());
            worst = worst.max((ours - *theirs).abs());
            largest = largest.max(theirs.abs());
        }
    }
    assert!(largest > 0.0);
    worst / largest
}

fn agrees(name: &str, base: &str) {
    let checkpoint = Checkpoint::load(base);
    let source = MemorySource::new("batch", file(&format!("training/{name}/batch.safetensors")));
    let batch = Safetensors::open(&source).unwrap();
    let read = |name: &str| batch.read(name).unwrap().to_f32().unwrap();
    let sequences: Vec<Vec<u32>> = (0..3)
        .map(|number| read(&format!("tokens.{number}")))
        .map(|tokens| tokens.iter().map(|token| *token as u32).collect())
        .collect();
    let sequences: Vec<&[u32]> = sequences.iter().map(Vec::as_slice).collect();

    let folder = format!("adapter/{name}/{}", peft::TENSORS_FILE);
    let mut trained = adapter(name, &folder, &checkpoint);
    let pass = GradientPass::new(&checkpoint.model, BasePrecision::F32).unwrap();
    let mut optimiser = AdamW::new(trained.parameters() as usize);
    for step in 1..=3 {
        let mut gradients = Gradients::zero(&trained);
        let loss = pass
            .accumulate(&trained, &sequences, None, 0, &mut gradients)
            .unwrap();
        gradients.scale(1.0 / loss.targets as f32);
        if step == 1 {
            let expected = read("loss")[0];
            println!("{name}: loss {}, theirs {expected}", loss.mean());
            assert!((loss.mean() as f32 - expected).abs() <= TOLERANCE * expected);
            let path = format!("training/{name}/gradients.safetensors");
            let mut expected = adapter(name, &path, &checkpoint);
            let worst = distance(gradients.values(), values(&mut expected));
            println!("{name}: gradients differ by {worst:e}");
            assert!(worst <= TOLERANCE, "{worst}");
        }
        // As torch.nn.utils.clip_grad_norm_.
        let norm = gradients.norm();
        gradients.scale((1.0 / (norm + 1e-6)).min(1.0) as f32);
        optimiser.update(step, 1e-2, 0.1, values(&mut trained), gradients.values());
    }
    let path = format!("training/{name}/updated.safetensors");
    let mut expected = adapter(name, &path, &checkpoint);
    let trained: Vec<Vec<f32>> = values(&mut trained).map(|values| values.to_vec()).collect();
    let worst = distance(trained.iter().map(Vec::as_slice), values(&mut expected));
    println!("{name}: factors after three updates differ by {worst:e}");
    assert!(worst <= TOLERANCE, "{worst}");
}
