//! A loaded model at work.

use std::collections::BTreeMap;

use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt, SequenceId};
use engine::{EngineError, Model};
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::generation::FinishReason;
use protocol::local::{DeviceChoice, DeviceTrial, Event, LoadedModel};

use crate::failure::Failure;
use crate::mailbox::Interruptions;
use crate::voice;

/// One model on one device.
pub struct Session {
    pub model: Model,
    pub generator: Generator,
    pub loaded: LoadedModel,
    /// What the user had asked for.
    pub choice: DeviceChoice,
    pub trials: Vec<DeviceTrial>,
    /// The page's name and the number of tokens so far of each sequence.
    running: BTreeMap<SequenceId, (u64, usize)>,
}

impl Session {
    /// At rest.
    pub fn new(
        model: Model,
        generator: Generator,
        loaded: LoadedModel,
        choice: DeviceChoice,
        trials: Vec<DeviceTrial>,
    ) -> Self {
        Self {
            model,
            generator,
            loaded,
            choice,
            trials,
            running: BTreeMap::new(),
        }
    }

    /// Tells what is loaded.
    pub fn introduce(&self) {
        if !self.trials.is_empty() {
            voice::say(&Event::Trial {
                trials: self.trials.clone(),
            });
        }
        voice::say(&Event::Loaded {
            loaded: Box::new(self.loaded.clone()),
        });
    }

    /// Whether there is something to step.
    pub fn busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// Takes a generation in; answers with its first event, or the error that ends it.
    pub fn begin(&mut self, id: u64, request: GenerateRequest) {
        let seed = request.seed;
        match self.submit(request) {
            Ok((sequence, prompt_tokens)) => {
                self.running.insert(sequence, (id, 0));
                tell(
                    id,
                    StreamEvent::Start {
                        prompt_tokens,
                        seed,
                        provenance: self.loaded.provenance.clone(),
                    },
                );
            }
            Err(failure) => refuse(id, &failure),
        }
    }

    fn submit(&mut self, request: GenerateRequest) -> Result<(SequenceId, usize), Failure> {
        let mut request = GenerationRequest::from(request);
        request.validate().map_err(EngineError::from)?;
        let tokens = match &request.prompt {
            Prompt::Text(text) => self.model.tokenizer().encode(text, true)?,
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        let prompt_tokens = tokens.len();
        request.prompt = Prompt::Tokens(tokens);
        Ok((self.generator.submit(request)?, prompt_tokens))
    }

    /// One token of each sequence.
    pub async fn step(&mut self, interruptions: &Interruptions) {
        self.stop(interruptions);
        match self.generator.step().await {
            Ok(events) => {
                for (sequence, event) in events {
                    self.deliver(sequence, event);
                }
            }
            Err(error) => {
                // The generator has dropped every sequence.
                let failure = Failure::Engine(error);
                for (id, _) in std::mem::take(&mut self.running).into_values() {
                    refuse(id, &failure);
                }
            }
        }
    }

    fn deliver(&mut self, sequence: SequenceId, event: GenerationEvent) {
        let Some((id, tokens)) = self.running.get_mut(&sequence) else {
            return;
        };
        let id = *id;
        match event {
            GenerationEvent::Token { .. } => *tokens += 1,
            GenerationEvent::Finished { .. } => {
                self.running.remove(&sequence);
            }
        }
        tell(id, event.into());
    }

    fn stop(&mut self, interruptions: &Interruptions) {
        let stopped: Vec<SequenceId> = self
            .running
            .iter()
            .filter_map(|(sequence, (id, _))| interruptions.take_stop(*id).then_some(*sequence))
            .collect();
        for sequence in stopped {
            self.generator.cancel(sequence);
            if let Some((id, tokens)) = self.running.remove(&sequence) {
                cancelled(id, tokens);
            }
        }
    }

    /// Ends every generation, because the model goes.
    pub fn end(self) {
        for (id, tokens) in self.running.into_values() {
            cancelled(id, tokens);
        }
    }
}

/// Says that a generation came to nothing.
pub fn refuse(id: u64, failure: &Failure) {
    tell(
        id,
        StreamEvent::Error {
            error: failure.detail(),
        },
    );
}

fn cancelled(id: u64, completion_tokens: usize) {
    tell(
        id,
        StreamEvent::Done {
            text: String::new(),
            finish_reason: FinishReason::Cancelled,
            completion_tokens,
        },
    );
}

fn tell(id: u64, event: StreamEvent) {
    voice::say(&Event::Generation { id, event });
}
