//! A tiny random Gemma on every pass and device that a browser has.

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuBackend;
use engine::checkpoint::{ByteSource, MemorySource};
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt};
use engine::runner::{Chunk, Runner, StepCounters};
use engine::{LoadOptions, Model, WeightFormat};
use wasm_bindgen_test::wasm_bindgen_test;

const TOKENS: [u32; 12] = [2, 17, 5, 40, 33, 8, 21, 60, 3, 11, 29, 7];

fn model(weights: WeightFormat) -> Model {
    let weights_file = MemorySource::new(
        "model.safetensors",
        include_bytes!("../../../../tests/parity/gemma3/single/model.safetensors").to_vec(),
    );
    let options = LoadOptions {
        device: Device::flex(),
        weights,
    };
    let shards: [&dyn ByteSource; 1] = [&weights_file];
    Model::from_safetensors(
        include_bytes!("../../../../tests/parity/gemma3/single/config.json"),
        include_bytes!("../../../../tests/parity/gemma3/single/tokenizer.json"),
        &shards,
        &options,
    )
    .unwrap()
}

/// Logits after each token: a prompt of five at once, then one token at a time.
async fn logits(mut runner: Runner) -> Vec<f32> {
    let mut cache = runner.new_cache(TOKENS.len()).unwrap();
    let mut logits = Vec::new();
    let (prompt, rest) = TOKENS.split_at(5);
    for piece in std::iter::once(prompt).chain(rest.chunks(1)) {
        let mut chunks = [Chunk {
            tokens: piece,
            cache: &mut cache,
        }];
        let hidden = runner.forward(&mut chunks).await.unwrap();
        let rows: Vec<usize> = (0..piece.len()).collect();
        logits.extend(runner.logits(&hidden, &rows).await.unwrap());
    }
    logits
}

fn assert_close(label: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{label}");
    let size = expected
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(size > 0.0, "{label}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        // Written so that NaN fails too.
        assert!(
            (found - expected).abs() <= tolerance * size,
            "{label}: {found} instead of {expected} at {at}"
        );
    }
}

/// Tokens, and the last step's dispatches and read-backs where the pass counts them.
async fn greedy(model: &Model) -> (Vec<u32>, Option<StepCounters>) {
    let mut generator = Generator::new(model).unwrap();
    let mut request = GenerationRequest::new(Prompt::Tokens(TOKENS.to_vec()));
    request.max_new_tokens = 6;
    request.ignore_eos = true;
    generator.submit(request).unwrap();
    let mut tokens = Vec::new();
    while generator.running() > 0 {
        for (_, event) in generator.step().await.unwrap() {
            if let GenerationEvent::Token { token, .. } = event {
                tokens.push(token);
            }
        }
    }
    (tokens, generator.counters())
}

#[wasm_bindgen_test]
async fn the_fused_pass_equals_the_general_one() {
    let model = model(WeightFormat::Packed8);
    let fused = Runner::new(&model).unwrap();
    assert!(matches!(fused, Runner::Fused(_)));
    let general = logits(Runner::general(&model).unwrap()).await;
    // The fused pass rounds activations to 16 bits, the general one does not.
    assert_close("fused", &logits(fused).await, &general, 2e-3);
}

#[wasm_bindgen_test]
async fn webgpu_equals_the_processor() {
    let card = Device::wgpu_options()
        .graphics_api(WgpuBackend::WebGpu)
        .init_async()
        .await
        .expect("headless Chromium has a software adapter");
    // Packed, as every model for a browser is; burn's own products, which dense weights take, need
    // seconds each on a software adapter.
    let on_processor = model(WeightFormat::Packed8);
    let on_card = on_processor.on_device(card);
    let expected = logits(Runner::general(&on_processor).unwrap()).await;
    let found = logits(Runner::new(&on_card).unwrap()).await;
    assert_close("webgpu", &found, &expected, 2e-3);
    let (tokens, counters) = greedy(&on_card).await;
    assert_eq!(tokens, greedy(&on_processor).await.0);
    let counters = counters.expect("packed weights take the fused pass of the card");
    assert_eq!(counters.read_backs, 1);
    assert!(counters.dispatches as usize <= 12 * on_card.spec().layers.len());
}
