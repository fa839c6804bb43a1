//! Generation on a graphics card against generation on the processor: the same tokens for sequences
//! that choose them in different ways side by side.

use engine::device::{DeviceChoice, list_devices};
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt};
use engine::runner::Runner;
use engine::{Model, WeightFormat};
use pollster::block_on;

use super::checkpoint::Checkpoint;

#[test]
fn a_graphics_card_generates_what_the_processor_does() {
    let card = list_devices()
        .into_iter()
        .find(|device| matches!(device.choice, DeviceChoice::Vulkan(_)));
    let Some(card) = card else {
        eprintln!("skipped on Vulkan: there is no adapter");
        return;
    };
    for folder in ["gemma3/single", "llama/untied"] {
        let on = |device| Checkpoint::load_on(folder, device, WeightFormat::Packed8).model;
        let model = on(card.device.clone());
        assert!(matches!(Runner::new(&model).unwrap(), Runner::Gpu(_)));
        let expected = generate(&on(burn::tensor::Device::flex()));
        assert!(expected.iter().all(|tokens| tokens.len() == 10));
        assert_eq!(generate(&model), expected, "{folder}");
        few_dispatches(&model);
    }
}

/// Greedy twice, once with log-probabilities, once with a penalty, once by lot; all in one batch.
fn generate(model: &Model) -> Vec<Vec<u32>> {
    let mut generator = Generator::new(model).unwrap();
    let ids: Vec<_> = (0..5u32)
        .map(|number| {
            let prompt = (0..3 + number).map(|at| 3 + at * 7 % 50).collect();
            let mut request = GenerationRequest::new(Prompt::Tokens(prompt));
            request.max_new_tokens = 10;
            request.ignore_eos = true;
            match number {
                2 => request.logprobs = Some(2),
                3 => request.sampler.repetition_penalty = 1.5,
                4 => request.sampler.temperature = 0.7,
                _ => {}
            }
            generator.submit(request).unwrap()
        })
        .collect();
    let mut tokens = vec![Vec::new(); ids.len()];
    while generator.running() > 0 {
        for (id, event) in block_on(generator.step()).unwrap() {
            if let GenerationEvent::Token { token, .. } = event {
                tokens[ids.iter().position(|known| *known == id).unwrap()].push(token);
            }
        }
    }
    tokens
}

/// One sequence that takes the most likely token waits for the card once a step.
fn few_dispatches(model: &Model) {
    let mut generator = Generator::new(model).unwrap();
    let mut request = GenerationRequest::new(Prompt::Tokens(vec![3, 5, 8]));
    request.max_new_tokens = 4;
    request.ignore_eos = true;
    generator.submit(request).unwrap();
    while generator.running() > 0 {
        block_on(generator.step()).unwrap();
        let counters = generator.counters().unwrap();
        assert!(counters.dispatches <= 12 * model.spec().layers.len() as u32);
        assert_eq!(counters.read_backs, 1);
    }
}
