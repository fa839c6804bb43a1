//! A loaded model at work.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::adapter::{Adapter, AppliedAdapter};
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt, SequenceId};
use engine::{EngineError, Model};
use protocol::adapter::AdapterChoice;
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::generation::FinishReason;
use protocol::local::{DeviceChoice, DeviceTrial, Event, LoadedModel};
use protocol::provenance::AdapterProvenance;

use crate::failure::Failure;
use crate::mailbox::Interruptions;
use crate::voice;

/// A sequence that was taken in: its name, the tokens of its prompt, its adapter.
type Submitted = (SequenceId, usize, Option<AdapterProvenance>);

/// One model on one device.
pub struct Session {
    pub model: Model,
    pub generator: Generator,
    pub loaded: LoadedModel,
    /// What the user had asked for.
    pub choice: DeviceChoice,
    pub trials: Vec<DeviceTrial>,
    /// Adapters that were asked for, each with the SHA-256 of its tensors, by name.
    adapters: BTreeMap<String, (String, Arc<Adapter>)>,
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
            adapters: BTreeMap::new(),
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
            Ok((sequence, prompt_tokens, adapter)) => {
                self.running.insert(sequence, (id, 0));
                tell(
                    id,
                    StreamEvent::Start {
                        prompt_tokens,
                        seed,
                        provenance: self.loaded.provenance.with_adapter(adapter),
                    },
                );
            }
            Err(failure) => refuse(id, &failure),
        }
    }

    fn submit(&mut self, request: GenerateRequest) -> Result<Submitted, Failure> {
        let (adapter, provenance) = self.adapter(request.adapter.as_ref())?.unzip();
        let mut request = GenerationRequest {
            adapter,
            ..GenerationRequest::from(request)
        };
        request.validate().map_err(EngineError::from)?;
        let tokens = match &request.prompt {
            Prompt::Text(text) => self.model.tokenizer().encode(text, true)?,
            Prompt::Tokens(tokens) => tokens.clone(),
        };
        let prompt_tokens = tokens.len();
        request.prompt = Prompt::Tokens(tokens);
        let sequence = self.generator.submit(request)?;
        Ok((sequence, prompt_tokens, provenance))
    }

    /// The SHA-256 of the adapter of that name, where it is here.
    pub fn knows(&self, name: &str) -> Option<&str> {
        self.adapters.get(name).map(|(sha256, _)| sha256.as_str())
    }

    /// Keeps an adapter for requests to come.
    pub fn keep(&mut self, name: &str, sha256: &str, adapter: Adapter) {
        let adapter = (sha256.to_owned(), Arc::new(adapter));
        self.adapters.insert(name.to_owned(), adapter);
    }

    /// The adapter that a request names, which was fetched before.
    ///
    /// # Errors
    /// It was not fetched, or the strength is out of range.
    pub fn adapter(
        &self,
        choice: Option<&AdapterChoice>,
    ) -> Result<Option<(AppliedAdapter, AdapterProvenance)>, Failure> {
        let Some(choice) = choice else {
            return Ok(None);
        };
        let (sha256, adapter) = self
            .adapters
            .get(&choice.name)
            .ok_or_else(|| Failure::NoAdapter(choice.name.clone()))?;
        let applied = AppliedAdapter::new(Arc::clone(adapter), choice.strength)?;
        let provenance = AdapterProvenance {
            name: choice.name.clone(),
            sha256: sha256.clone(),
            strength: choice.strength,
        };
        Ok(Some((applied, provenance)))
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
