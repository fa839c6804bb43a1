//! Tiny random checkpoints against transformers, whose results the exporters beside them recorded:
//! logits, log-probabilities, the residual stream after every block, and tokens of texts.

mod checkpoint;
mod graphics;

use engine::checkpoint::TensorStore;
use engine::checkpoint::safetensors::Safetensors;
use engine::general;
use engine::hooks::{Capture, Site};
use engine::measure::ForcedDecoding;
use engine::measure::likelihood::token_log_likelihood;
use engine::runner::{Chunk, Hidden, Runner};
use pollster::block_on;

pub use checkpoint::Checkpoint;

const TOLERANCE: f32 = 1e-4;

#[test]
fn gemma3_single() {
    agrees("gemma3/single");
}

#[test]
fn gemma3_sharded() {
    agrees("gemma3/sharded");
}

#[test]
fn llama_tied() {
    agrees("llama/tied");
}

#[test]
fn llama_untied() {
    agrees("llama/untied");
}

fn agrees(folder: &str) {
    let checkpoint = Checkpoint::load(folder);
    checkpoint.check_tokens();
    let source = checkpoint.file("expected.safetensors");
    let expected = Expected(Safetensors::open(&source).unwrap());
    all_at_once(&checkpoint, &expected);
    token_by_token(&checkpoint, &expected);
    activations(&checkpoint, &expected);
    forced(&checkpoint);
}

/// Sequences of three lengths in one batch, as scoring does it.
fn all_at_once(checkpoint: &Checkpoint, expected: &Expected) {
    let mut runner = Runner::new(&checkpoint.model).unwrap();
    let sequences = expected.sequences();
    let mut caches: Vec<_> = sequences
        .iter()
        .map(|tokens| runner.new_cache(tokens.len()).unwrap())
        .collect();
    let mut chunks: Vec<Chunk<'_>> = sequences
        .iter()
        .zip(&mut caches)
        .map(|(tokens, cache)| Chunk { tokens, cache })
        .collect();
    let hidden = block_on(runner.forward(&mut chunks)).unwrap();
    let mut first = 0;
    for (number, tokens) in sequences.iter().enumerate() {
        let rows: Vec<usize> = (first..first + tokens.len()).collect();
        let logits = block_on(runner.logits(&hidden, &rows)).unwrap();
        expected.check(&format!("logits.{number}"), &logits);
        let targets: Vec<(usize, u32)> = rows
            .iter()
            .copied()
            .zip(tokens[1..].iter().copied())
            .collect();
        let scores = block_on(runner.token_log_probabilities(&hidden, &targets)).unwrap();
        expected.check(&format!("log_probabilities.{number}"), &scores);
        first += tokens.len();
    }
}

/// A prompt of three tokens, then one token at a time, as generation does it.
fn token_by_token(checkpoint: &Checkpoint, expected: &Expected) {
    let mut runner = Runner::new(&checkpoint.model).unwrap();
    for (number, tokens) in expected.sequences().iter().enumerate() {
        let mut cache = runner.new_cache(tokens.len()).unwrap();
        let mut logits = Vec::new();
        let (prompt, rest) = tokens.split_at(3);
        for piece in std::iter::once(prompt).chain(rest.chunks(1)) {
            let mut chunks = [Chunk {
                tokens: piece,
                cache: &mut cache,
            }];
            let hidden: Hidden = block_on(runner.forward(&mut chunks)).unwrap();
            let rows: Vec<usize> = (0..piece.len()).collect();
            logits.extend(block_on(runner.logits(&hidden, &rows)).unwrap());
        }
        expected.check(&format!("logits.{number}"), &logits);
    }
}

/// Forced decoding, in its pieces of 64 tokens, gives the log-probabilities that scoring gives, and
/// names the token that the logits favour.
fn forced(checkpoint: &Checkpoint) {
    let model = &checkpoint.model;
    let mut runner = Runner::new(model).unwrap();
    let prompt = "the ".repeat(20);
    let mut tokens = model.tokenizer().encode(&prompt, true).unwrap();
    let room = model.context_length() - tokens.len();
    let completion: Vec<u32> = (0..room.min(90) as u32)
        .map(|at| at * 7 % model.vocabulary_size() as u32)
        .collect();
    let mut forced = ForcedDecoding::new(model, &prompt, &completion).unwrap();
    while !block_on(forced.step(&mut runner)).unwrap() {}
    assert_eq!(forced.prompt_tokens(), tokens.len());
    let first = tokens.len() - 1;
    tokens.extend(&completion);
    let scored = block_on(token_log_likelihood(&mut runner, vec![tokens])).unwrap();
    let forced = forced.finish();
    assert_eq!(forced.len(), completion.len());
    for (position, entry) in forced.iter().enumerate() {
        let scored = scored[0].log_probabilities[first + position];
        assert_eq!(entry.given.token, completion[position]);
        assert!(
            (entry.given.logprob - scored).abs() <= TOLERANCE,
            "{entry:?} {scored}"
        );
        assert!(entry.top.logprob >= entry.given.logprob, "{entry:?}");
    }
    assert!(ForcedDecoding::new(model, "the", &[]).is_err());
    assert!(ForcedDecoding::new(model, "the", &[model.vocabulary_size() as u32]).is_err());
}

/// What hooks see: the residual stream after every block, and the final hidden state.
fn activations(checkpoint: &Checkpoint, expected: &Expected) {
    let Runner::General(mut pass) = Runner::general(&checkpoint.model).unwrap() else {
        panic!("Runner::general gives the general pass");
    };
    let residuals = (0..checkpoint.model.spec().layers.len()).map(|layer| Site::Residual { layer });
    let residuals: Vec<Site> = residuals.collect();
    for (number, tokens) in expected.sequences().iter().enumerate() {
        let mut sites = residuals.clone();
        sites.push(Site::FinalHidden);
        let mut capture = Capture::new(sites);
        let mut cache = pass.new_cache(tokens.len()).unwrap();
        let mut chunks = [general::Chunk {
            tokens,
            cache: &mut cache,
        }];
        block_on(pass.forward_with_hooks(&mut chunks, &mut capture)).unwrap();
        let values = |site: Site| -> Vec<f32> {
            let value = capture.of(site, 0).unwrap();
            value.into_data().try_to_vec().unwrap()
        };
        let blocks: Vec<f32> = residuals.iter().flat_map(|site| values(*site)).collect();
        expected.check(&format!("blocks.{number}"), &blocks);
        expected.check(&format!("final.{number}"), &values(Site::FinalHidden));
    }
}

/// What transformers computed.
struct Expected<'s>(Safetensors<'s>);

impl Expected<'_> {
    fn values(&self, name: &str) -> Vec<f32> {
        self.0.read(name).unwrap().to_f32().unwrap()
    }

    fn sequences(&self) -> Vec<Vec<u32>> {
        let names = (0..).map(|number| format!("tokens.{number}"));
        let names = names.take_while(|name| self.0.info(name).is_some());
        let sequences: Vec<Vec<u32>> = names
            .map(|name| {
                self.values(&name)
                    .iter()
                    .map(|token| *token as u32)
                    .collect()
            })
            .collect();
        assert_eq!(sequences.len(), 3);
        sequences
    }

    fn check(&self, name: &str, ours: &[f32]) {
        let theirs = self.values(name);
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let errors = ours.iter().zip(&theirs);
        let worst =
            errors
                .map(|(ours, theirs)| (ours - theirs).abs())
                .fold(0.0, |worst: f32, error| {
                    if error > worst {
                        error
                    } else if error.is_nan() {
                        f32::INFINITY
                    } else {
                        worst
                    }
                });
        println!("{name}: largest error {worst:e}");
        assert!(worst <= TOLERANCE, "{name}: largest error {worst}");
    }
}
