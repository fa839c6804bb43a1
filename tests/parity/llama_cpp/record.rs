//! What `exporter.py` wrote.

use engine::Model;
use engine::measure::log_likelihood;
use serde::Deserialize;

use super::{LOG_PROBABILITY, MEAN_LOG_PROBABILITY};

/// One model's record.
#[derive(Deserialize)]
pub struct Record {
    pub prompts: Vec<Prompt>,
    sentences: Vec<Sentence>,
}

/// A prompt and the continuation that is forced on both programs.
#[derive(Deserialize)]
pub struct Prompt {
    text: String,
    pub tokens: Vec<u32>,
    /// llama.cpp's greedy continuation on the quantised file.
    pub steps: Vec<Step>,
    /// What llama.cpp would say at each of these steps with the weights in single precision.
    pub steps_f32: Vec<Step>,
}

/// The best token, the runner-up and both logits.
#[derive(Deserialize)]
pub struct Step(pub u32, #[allow(dead_code)] u32, f32, f32);

impl Step {
    /// How far the best token is ahead.
    pub fn gap(&self) -> f32 {
        self.2 - self.3
    }
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    tokens: Vec<u32>,
    log_probabilities_f32: Vec<f32>,
}

/// A text and its tokens.
pub struct Text<'a> {
    pub text: &'a str,
    pub tokens: &'a [u32],
}

impl Record {
    pub fn read(id: &str) -> Self {
        let path = format!("{}/parity/llama_cpp/{id}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    pub fn texts(&self) -> impl Iterator<Item = Text<'_>> {
        let prompts = self.prompts.iter().map(|prompt| Text {
            text: &prompt.text,
            tokens: &prompt.tokens,
        });
        prompts.chain(self.sentences.iter().map(|sentence| Text {
            text: &sentence.text,
            tokens: &sentence.tokens,
        }))
    }

    pub fn check_log_probabilities(&self, model: &Model) {
        let texts: Vec<&str> = self.sentences.iter().map(|s| s.text.as_str()).collect();
        let scored = pollster::block_on(log_likelihood(model, &texts)).unwrap();
        let (mut worst, mut worst_mean) = (0.0_f32, 0.0_f32);
        for (scored, sentence) in scored.iter().zip(&self.sentences) {
            let expected = &sentence.log_probabilities_f32;
            assert_eq!(scored.log_probabilities.len(), expected.len());
            let errors = scored.log_probabilities.iter().zip(expected);
            let errors: Vec<f32> = errors.map(|(ours, theirs)| ours - theirs).collect();
            let mean = errors.iter().sum::<f32>() / errors.len() as f32;
            worst = errors
                .iter()
                .fold(worst, |worst, error| worst.max(error.abs()));
            worst_mean = worst_mean.max(mean.abs());
            assert!(
                mean.abs() <= MEAN_LOG_PROBABILITY && worst <= LOG_PROBABILITY,
                "{:?}: mean error {mean}, largest {worst}",
                sentence.text
            );
        }
        println!("log-probabilities: largest error {worst}, of a sentence's mean {worst_mean}");
    }
}
