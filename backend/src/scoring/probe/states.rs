//! Hidden states of texts, from a thread of their own.

use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread;

use engine::device::DeviceChoice;
use engine::general::GeneralPass;
use engine::hooks::Site;
use engine::measure::{Pooling, pooled_hidden_states};
use engine::runner::Runner;
use engine::{Model, WeightFormat};
use protocol::provenance::ModelProvenance;

use super::ProbeError;
use crate::executor::ModelReader;
use crate::hub::Hub;

/// Tokens of a text that count; what a sentence says is said by then.
const LONGEST: usize = 256;
/// Texts that run together.
pub const BATCH: usize = 16;

/// What goes back to who asked.
type Answer = Result<Vec<Vec<f32>>, ProbeError>;

/// A model on a thread with a pool of its own. Who asks may be a worker of rayon's pool: such a
/// worker must not run the model itself while others wait for it, because the model's own parts
/// would wait for those workers.
#[derive(Debug, Clone)]
pub struct StatesThread {
    jobs: Sender<(String, Sender<Answer>)>,
}

impl StatesThread {
    /// Takes the model to a thread, which ends when the last handle goes.
    ///
    /// # Errors
    /// [`ProbeError::Engine`] when the system has no more threads.
    pub fn start(mut states: States) -> Result<Self, ProbeError> {
        let failed = |error: String| ProbeError::Engine(error);
        let pool = rayon::ThreadPoolBuilder::new()
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let (jobs, waiting) = mpsc::channel::<(String, Sender<Answer>)>();
        thread::Builder::new()
            .name("probe".to_owned())
            .spawn(move || {
                for (text, answer) in waiting {
                    // Who asked may have gone away.
                    let _ = answer.send(pool.install(|| states.of(&[&text])));
                }
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { jobs })
    }

    /// The text's hidden state.
    ///
    /// # Errors
    /// [`ProbeError::Engine`].
    pub fn of(&self, text: &str) -> Result<Vec<f32>, ProbeError> {
        let gone = || ProbeError::Engine("its thread has ended".to_owned());
        let (sender, answer) = mpsc::channel();
        self.jobs
            .send((text.to_owned(), sender))
            .map_err(|_| gone())?;
        let states = answer.recv().map_err(|_| gone())??;
        states.into_iter().next().ok_or_else(gone)
    }
}

/// A model whose hidden states are read, on the processor: the same bits everywhere.
pub struct States {
    model: Model,
    pass: GeneralPass,
    /// Which model it is.
    pub provenance: ModelProvenance,
}

impl States {
    /// Reads the model of this name.
    ///
    /// # Errors
    /// [`ProbeError::Model`], [`ProbeError::Engine`].
    pub fn open(data_dir: &Path, name: &str) -> Result<Self, ProbeError> {
        let failed = |error| ProbeError::Model {
            model: name.to_owned(),
            error,
        };
        let engine = |error: engine::EngineError| ProbeError::Engine(error.to_string());
        let resolved = Hub::new(data_dir)
            .and_then(|hub| hub.resolve(name))
            .map_err(failed)?;
        let reader = ModelReader::new(DeviceChoice::Cpu, WeightFormat::AsStored).map_err(engine)?;
        let (model, provenance) = reader.read(&resolved).map_err(failed)?;
        let Runner::General(pass) = Runner::general(&model).map_err(engine)? else {
            return Err(ProbeError::Engine(
                "hidden states need the general pass".to_owned(),
            ));
        };
        Ok(Self {
            model,
            pass,
            provenance,
        })
    }

    /// Width of a hidden state.
    pub fn width(&self) -> usize {
        self.model.spec().hidden
    }

    /// The mean of each text's last hidden states, after the final norm.
    ///
    /// # Errors
    /// [`ProbeError::Engine`].
    pub fn of(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ProbeError> {
        let engine = |error: engine::EngineError| ProbeError::Engine(error.to_string());
        let mut tokens = Vec::with_capacity(texts.len());
        for text in texts {
            let mut encoded = self.model.tokenizer().encode(text, true).map_err(engine)?;
            encoded.truncate(LONGEST.min(self.model.context_length()));
            tokens.push(encoded);
        }
        let slices: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
        let pooled =
            pooled_hidden_states(&mut self.pass, &slices, Site::FinalHidden, Pooling::Mean);
        pollster::block_on(pooled).map_err(engine)
    }
}
