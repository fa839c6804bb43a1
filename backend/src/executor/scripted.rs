//! A model for tests whose every step is known: it has one token per byte, and continues a prompt
//! with letters that depend on the seed alone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use engine::EngineError;
use engine::adapter::AppliedAdapter;
use engine::decoder::DecoderSpec;
use engine::generate::{GenerationEvent, GenerationRequest, Prompt, SequenceId};
use protocol::FieldError;
use protocol::api::forced_decoding::ForcedToken;
use protocol::generation::{FinishReason, TokenLogprob};

use super::model::{Forced, TextGenerator, TextModel};

/// Tokens of context.
pub(crate) const CONTEXT: usize = 64;

/// Shared with the test, which can hold the model's steps back and count them.
#[derive(Default)]
pub(crate) struct Script {
    held: Mutex<bool>,
    released: Condvar,
    /// Steps so far.
    pub(crate) steps: AtomicUsize,
    /// Most sequences in one step.
    pub(crate) widest: AtomicUsize,
    /// Time a step takes, in milliseconds.
    pub(crate) step_milliseconds: AtomicUsize,
    /// No generator can be made.
    pub(crate) broken: AtomicBool,
}

impl Script {
    /// Steps wait until [`Script::release`].
    pub(crate) fn hold(&self) {
        *self.held.lock().unwrap() = true;
    }

    pub(crate) fn release(&self) {
        *self.held.lock().unwrap() = false;
        self.released.notify_all();
    }

    fn wait(&self) {
        let mut held = self.held.lock().unwrap();
        while *held {
            held = self.released.wait(held).unwrap();
        }
    }
}

/// The model. A prompt with `PANIC` in it panics at the first step, one with `REFUSE` is refused
/// when it enters the batch, one with `SICK` makes the step fail.
#[derive(Clone, Default)]
pub(crate) struct ScriptedModel(pub(crate) Arc<Script>);

impl TextModel for ScriptedModel {
    fn prepare(&self, request: &mut GenerationRequest) -> Result<usize, EngineError> {
        request.validate()?;
        let tokens = match &request.prompt {
            Prompt::Text(text) => text.bytes().map(u32::from).collect(),
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        let count = tokens.len();
        if count >= CONTEXT {
            return Err(EngineError::ContextOverflow {
                field: "prompt".into(),
                tokens: count,
                context: CONTEXT,
            });
        }
        request.prompt = Prompt::Tokens(tokens);
        Ok(count)
    }

    fn check_texts(&self, texts: &[String]) -> Result<(), EngineError> {
        for (index, text) in texts.iter().enumerate() {
            if text.is_empty() {
                return Err(FieldError::new(format!("texts[{index}]"), "must not be empty").into());
            }
        }
        Ok(())
    }

    fn check_forced(&self, prompt: &str, completion: &[u32]) -> Result<(), EngineError> {
        for (field, length) in [("prompt", prompt.len()), ("completion", completion.len())] {
            if length == 0 {
                return Err(FieldError::new(field, "must not be empty").into());
            }
        }
        Ok(())
    }

    fn spec(&self) -> Option<&DecoderSpec> {
        None
    }

    fn generator(&self) -> Result<Box<dyn TextGenerator>, EngineError> {
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(EngineError::Device("no memory".into()));
        }
        Ok(Box::new(ScriptedGenerator {
            script: Arc::clone(&self.0),
            next: 0,
            sequences: Vec::new(),
        }))
    }
}

struct Sequence {
    id: SequenceId,
    prompt: String,
    seed: u64,
    produced: usize,
    wanted: usize,
    logprobs: Option<usize>,
    prompt_tokens: usize,
}

struct ScriptedGenerator {
    script: Arc<Script>,
    next: u64,
    sequences: Vec<Sequence>,
}

/// The text that a seed gives.
pub(crate) fn scripted_text(seed: u64, tokens: usize) -> String {
    (0..tokens).map(|position| letter(seed, position)).collect()
}

fn letter(seed: u64, position: usize) -> char {
    let step = seed.wrapping_mul(7).wrapping_add(position as u64 * 3) % 26;
    char::from(b'a' + u8::try_from(step).unwrap())
}

impl TextGenerator for ScriptedGenerator {
    fn submit(&mut self, request: GenerationRequest) -> Result<SequenceId, EngineError> {
        let Prompt::Tokens(tokens) = &request.prompt else {
            return Err(EngineError::Tokenizer("not prepared".into()));
        };
        let prompt: String = tokens
            .iter()
            .map(|token| char::from(u8::try_from(*token).unwrap()))
            .collect();
        if prompt.contains("REFUSE") {
            return Err(FieldError::new("prompt", "refused by the script").into());
        }
        self.next += 1;
        let id = SequenceId(self.next);
        self.sequences.push(Sequence {
            id,
            prompt_tokens: prompt.len(),
            prompt,
            seed: request.sampler.seed,
            produced: 0,
            wanted: request.max_new_tokens,
            logprobs: request.logprobs,
        });
        Ok(id)
    }

    fn step(&mut self) -> Result<Vec<(SequenceId, GenerationEvent)>, EngineError> {
        self.script.wait();
        let pause = self.script.step_milliseconds.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(pause as u64));
        self.script.steps.fetch_add(1, Ordering::SeqCst);
        self.script
            .widest
            .fetch_max(self.sequences.len(), Ordering::SeqCst);
        let says = |word: &str| self.sequences.iter().any(|s| s.prompt.contains(word));
        assert!(!says("PANIC"), "the script says so");
        if says("SICK") {
            return Err(EngineError::Device("the script is sick".into()));
        }
        let mut events = Vec::new();
        for sequence in &mut self.sequences {
            let text = letter(sequence.seed, sequence.produced).to_string();
            let report = |text: &str, logprob| TokenLogprob {
                token: u32::from(text.as_bytes()[0]),
                text: text.to_owned(),
                logprob,
            };
            events.push((
                sequence.id,
                GenerationEvent::Token {
                    token: u32::from(text.as_bytes()[0]),
                    logprob: sequence.logprobs.map(|_| report(&text, -0.5)),
                    top_logprobs: (0..sequence.logprobs.unwrap_or(0))
                        .map(|rank| report(&text, -0.5 - rank as f32))
                        .collect(),
                    text,
                },
            ));
            sequence.produced += 1;
        }
        self.sequences.retain(|sequence| {
            let done = sequence.produced == sequence.wanted;
            if done {
                events.push((
                    sequence.id,
                    GenerationEvent::Finished {
                        reason: FinishReason::Length,
                        text: String::new(),
                        prompt_tokens: sequence.prompt_tokens,
                        completion_tokens: sequence.produced,
                    },
                ));
            }
            !done
        });
        Ok(events)
    }

    fn cancel(&mut self, id: SequenceId) {
        self.sequences.retain(|sequence| sequence.id != id);
    }

    fn log_probabilities(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        assert!(!texts.iter().any(|text| text.contains("PANIC")), "script");
        // Every byte but the first has probability 1/4.
        Ok(texts
            .iter()
            .map(|text| vec![0.25_f32.ln(); text.len() - 1])
            .collect())
    }

    fn forced_decoding(
        &mut self,
        prompt: &str,
        completion: &[u32],
        _: Option<&AppliedAdapter>,
    ) -> Result<Forced, EngineError> {
        assert!(!prompt.contains("PANIC"), "script");
        let entry = |token: u32, logprob| TokenLogprob {
            token,
            text: char::from_u32(token).unwrap_or_default().to_string(),
            logprob,
        };
        // The model would always say `a`.
        Ok(Forced {
            prompt_tokens: prompt.len(),
            tokens: completion
                .iter()
                .map(|token| ForcedToken {
                    given: entry(*token, -1.5),
                    top: entry(97, -0.5),
                })
                .collect(),
        })
    }
}
