//! The lab with a real model.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use engine::adapter::peft::{CONFIG_FILE, TENSORS_FILE};
use engine::adapter::{Adapter, Projection};
use engine::generate::{GenerationEvent, GenerationRequest, Generator, Prompt};
use engine::measure::likelihood::token_log_likelihood;
use engine::{EngineError, Model};
use protocol::provenance::ModelProvenance;
use protocol::training::SftSettings;

use super::directory::StudyDirectory;
use super::error::StudyError;
use super::lab::{
    Completion, Lab, Likelihood, Passage, Progress, Rates, Reader, Request, Trained,
    TrainingProgress,
};
use crate::executor::ModelReader;
use crate::hub::{FileSource, Hub, HubError, ResolvedModel};
use crate::training::{TrainingError, train_sft};

/// Sequences that are generated together.
const BATCH: usize = 32;
/// Texts that are read together.
pub(super) const READ_BATCH: usize = 32;
/// The model that measures conditional perplexity if it is there and no other is named.
const FIXED_MODEL: &str = "gemma-3-270m";
/// Prompts and new tokens of a measurement of speed.
const MEASURED: (usize, usize) = (16, 12);
/// The adapter at full strength.
const STRENGTH: f32 = 1.0;

/// A model, what it was adapted with last, and the fixed model once it was asked for.
pub struct EngineLab {
    reader: ModelReader,
    model: Model,
    provenance: ModelProvenance,
    fixed: ResolvedModel,
    fixed_provenance: ModelProvenance,
    fixed_model: Option<Model>,
    /// Loading an adapter and making a generator takes longer than a batch, so both are kept.
    state: Option<(Option<PathBuf>, Generator)>,
}

impl EngineLab {
    /// Loads the study's model.
    ///
    /// # Errors
    /// There is no such model, or it cannot be read.
    pub fn open(
        hub: &Hub,
        reader: ModelReader,
        study: &StudyDirectory,
    ) -> Result<Self, StudyError> {
        let resolved = hub.resolve(&study.spec().model)?;
        let (model, provenance) = reader.read(&resolved)?;
        let fixed = fixed_model(hub, study, resolved)?;
        // Known without loading it, so that a finished study need not.
        let fixed_provenance = if fixed.sha256 == provenance.sha256 {
            provenance.clone()
        } else {
            ModelProvenance {
                model: fixed.id.clone(),
                sha256: fixed.sha256.clone(),
                ..provenance.clone()
            }
        };
        Ok(Self {
            reader,
            model,
            provenance,
            fixed,
            fixed_provenance,
            fixed_model: None,
            state: None,
        })
    }

    /// The generator of a state of the model.
    fn generator(&mut self, adapter: Option<&Path>) -> Result<&mut Generator, StudyError> {
        let kept = matches!(&self.state, Some((kept, _)) if kept.as_deref() == adapter);
        if !kept {
            // The old one first: on a graphics card both might not fit.
            self.state = None;
            let model = match adapter {
                Some(directory) => adapted(&self.model, directory)?,
                None => self.model.clone(),
            };
            let generator = Generator::new(&model)?;
            self.state = Some((adapter.map(Path::to_owned), generator));
        }
        match &mut self.state {
            Some((_, generator)) => Ok(generator),
            None => Err(EngineError::Device("the generator is gone".into()).into()),
        }
    }

    fn fixed_model(&mut self) -> Result<Model, StudyError> {
        if self.fixed.sha256 == self.provenance.sha256 {
            return Ok(self.model.clone());
        }
        if self.fixed_model.is_none() {
            let (model, provenance) = self.reader.read(&self.fixed)?;
            self.fixed_provenance = provenance;
            self.fixed_model = Some(model);
        }
        self.fixed_model
            .clone()
            .ok_or_else(|| EngineError::Device("the fixed model is gone".into()).into())
    }
}

/// The model that measures conditional perplexity; the study's own where that is not measured.
/// Where the specification names none, a study keeps to the one that it began with, though another
/// may have been pulled since.
fn fixed_model(
    hub: &Hub,
    study: &StudyDirectory,
    own: ResolvedModel,
) -> Result<ResolvedModel, StudyError> {
    let settings = &study.spec().perplexity;
    if !settings.conditional {
        return Ok(own);
    }
    if let Some(name) = &settings.model {
        return Ok(hub.resolve(name)?);
    }
    // A state that cannot be read is for the run to tell of.
    if let Some(origin) = study.progress().ok().and_then(|progress| progress.origin) {
        if own.sha256 == origin.fixed.sha256 {
            return Ok(own);
        }
        // If it is there no more, the run says that it has changed.
        if let Ok(then) = hub.resolve(&origin.fixed.model)
            && then.sha256 == origin.fixed.sha256
        {
            return Ok(then);
        }
    }
    match hub.resolve(FIXED_MODEL) {
        Err(HubError::NotPulled { .. }) => Ok(own),
        fixed => Ok(fixed?),
    }
}

/// The model with the adapter that lies in a directory.
fn adapted(model: &Model, directory: &Path) -> Result<Model, StudyError> {
    let config = directory.join(CONFIG_FILE);
    let config = std::fs::read(&config).map_err(HubError::io(&config))?;
    let tensors = FileSource::open(&directory.join(TENSORS_FILE))?;
    let adapter = Adapter::from_peft(&config, &tensors, model.spec())?;
    Ok(model.with_adapter(Arc::new(adapter), STRENGTH)?)
}

impl Lab for EngineLab {
    fn provenance(&self) -> &ModelProvenance {
        &self.provenance
    }

    fn fixed_provenance(&self) -> &ModelProvenance {
        &self.fixed_provenance
    }

    fn count_tokens(&self, text: &str) -> Result<usize, StudyError> {
        Ok(self.model.tokenizer().encode(text, true)?.len())
    }

    fn memory_bytes(&self) -> u64 {
        let spec = self.model.spec();
        let weights = self.model.weight_bytes();
        // Training holds the frozen maps of the blocks in single precision beside the packed ones.
        let projections: usize = Projection::ALL
            .into_iter()
            .map(|projection| {
                let (outputs, inputs) = projection.shape(spec);
                outputs * inputs
            })
            .sum();
        let dense = (projections * spec.layers.len() * 4) as u64;
        let logits = (BATCH * self.model.vocabulary_size() * 4) as u64;
        let fixed = match self.fixed.sha256 == self.provenance.sha256 {
            true => 0,
            false => self.fixed.bytes(),
        };
        weights + dense + logits + fixed
    }

    fn measure(&mut self, prompts: &[String]) -> Result<Rates, StudyError> {
        let (count, new_tokens) = MEASURED;
        let requests: Vec<Request> = prompts
            .iter()
            .cycle()
            .take(count)
            .map(|prompt| Request {
                prompt: prompt.clone(),
                sampler: Default::default(),
            })
            .collect();
        let passages: Vec<Passage> = requests
            .iter()
            .map(|request| Passage {
                prompt: String::new(),
                text: request.prompt.clone(),
            })
            .collect();
        let mut go_on = |_| ControlFlow::Continue(());
        let start = Instant::now();
        let read = self.read(&Reader::State(None), &passages, &mut go_on)?;
        let reading = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let written = self.generate(None, &requests, new_tokens, &mut go_on)?;
        let writing = start.elapsed().as_secs_f64();
        let read: usize = read.iter().flatten().map(|text| text.tokens).sum();
        let written: usize = written.iter().flatten().map(|text| text.tokens.len()).sum();
        Ok(Rates {
            // Prompts are read first, which is no generation.
            generated: written.max(1) as f64 / (writing - reading).max(writing / 10.0),
            read: read.max(1) as f64 / reading,
        })
    }

    fn train(
        &mut self,
        texts: &[String],
        settings: &SftSettings,
        checkpoints: &Path,
        progress: &mut TrainingProgress<'_>,
    ) -> Result<Option<Trained>, StudyError> {
        let trained = train_sft(
            &self.model,
            texts,
            &[],
            settings,
            Some(checkpoints),
            progress,
        );
        let trained = match trained {
            Err(TrainingError::Cancelled { .. }) => return Ok(None),
            other => other?,
        };
        Ok(Some(Trained {
            config: trained.adapter.peft_config(),
            tensors: trained.adapter.peft_tensors(self.model.spec()),
            steps: trained.steps,
            tokens: trained.tokens,
            final_loss: trained.final_loss,
        }))
    }

    fn generate(
        &mut self,
        adapter: Option<&Path>,
        requests: &[Request],
        max_new_tokens: usize,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Vec<Completion>>, StudyError> {
        let generator = self.generator(adapter)?;
        let mut done: Vec<Option<Completion>> = vec![None; requests.len()];
        let mut under_way = std::collections::BTreeMap::new();
        let mut waiting = requests.iter().enumerate();
        loop {
            for (at, request) in waiting.by_ref().take(BATCH - under_way.len()) {
                let id = generator.submit(GenerationRequest {
                    max_new_tokens,
                    sampler: request.sampler.clone(),
                    ..GenerationRequest::new(Prompt::Text(request.prompt.clone()))
                })?;
                let empty = Completion {
                    text: String::new(),
                    tokens: Vec::new(),
                };
                under_way.insert(id, (at, empty));
            }
            if under_way.is_empty() {
                break;
            }
            let events = pollster::block_on(generator.step())?;
            let mut tokens = 0;
            for (id, event) in events {
                match event {
                    GenerationEvent::Token { token, text, .. } => {
                        tokens += 1;
                        if let Some((_, completion)) = under_way.get_mut(&id) {
                            completion.tokens.push(token);
                            completion.text.push_str(&text);
                        }
                    }
                    GenerationEvent::Finished { text, .. } => {
                        if let Some((at, mut completion)) = under_way.remove(&id) {
                            completion.text.push_str(&text);
                            done[at] = Some(completion);
                        }
                    }
                }
            }
            if progress(tokens).is_break() {
                for id in under_way.into_keys() {
                    generator.cancel(id);
                }
                return Ok(None);
            }
        }
        Ok(Some(done.into_iter().flatten().collect()))
    }

    fn read(
        &mut self,
        reader: &Reader,
        passages: &[Passage],
        progress: &mut Progress<'_>,
    ) -> Result<Option<Vec<Likelihood>>, StudyError> {
        let mut fixed;
        let (tokenizer_of, runner) = match reader {
            Reader::State(adapter) => {
                let model = self.model.clone();
                (model, self.generator(adapter.as_deref())?.runner(None)?)
            }
            Reader::Fixed => {
                let model = self.fixed_model()?;
                fixed = Generator::new(&model)?;
                (model, fixed.runner(None)?)
            }
        };
        let mut likelihoods = Vec::with_capacity(passages.len());
        for batch in passages.chunks(READ_BATCH) {
            let encoded = batch
                .iter()
                .map(|passage| encode(&tokenizer_of, passage))
                .collect::<Result<Vec<_>, _>>()?;
            let tokens = encoded.iter().map(|(tokens, _)| tokens.clone()).collect();
            let scored = pollster::block_on(token_log_likelihood(runner, tokens))?;
            let mut count = 0;
            for (scored, (_, measured_from)) in scored.iter().zip(&encoded) {
                // Log-probabilities begin with the second token.
                let values = scored
                    .log_probabilities
                    .get(measured_from.saturating_sub(1)..)
                    .unwrap_or_default();
                count += scored.tokens.len();
                likelihoods.push(Likelihood {
                    // Not `sum`: of nothing that is -0.
                    nll: values
                        .iter()
                        .fold(0.0, |nll, value| nll - f64::from(*value)),
                    tokens: values.len(),
                });
            }
            if progress(count).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(likelihoods))
    }
}

/// The tokens of a passage and where the measured part begins. At the seam a token may belong to
/// both sides; it is measured.
fn encode(model: &Model, passage: &Passage) -> Result<(Vec<u32>, usize), StudyError> {
    let mut all = model
        .tokenizer()
        .encode(&format!("{}{}", passage.prompt, passage.text), true)?;
    all.truncate(model.context_length());
    if passage.text.is_empty() {
        let end = all.len();
        return Ok((all, end));
    }
    if passage.prompt.is_empty() {
        return Ok((all, 1));
    }
    let prompt = model.tokenizer().encode(&passage.prompt, true)?;
    let shared = prompt
        .iter()
        .zip(&all)
        .take_while(|(left, right)| left == right)
        .count();
    Ok((all, shared))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use protocol::study::{PerplexitySettings, Preset, StudySpec};

    use super::super::directory::{Origin, Progress};
    use super::*;

    /// A model as far as resolving goes.
    fn installed(home: &Path, id: &str) -> ModelProvenance {
        let directory = home.join("models").join(id);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("a.gguf"), b"x").unwrap();
        let sha256 = crate::store::sha256(id.as_bytes());
        let record = serde_json::json!({
            "id": id, "title": id, "family": "gemma3", "languages": [], "origin": "here",
            "licence": { "name": "", "url": "", "notice": "" },
            "files": [{ "name": "a.gguf", "bytes": 1, "sha256": sha256 }],
        });
        std::fs::write(directory.join("model.json"), record.to_string()).unwrap();
        ModelProvenance {
            model: id.to_owned(),
            sha256,
            weights: String::new(),
            device: String::new(),
            version: String::new(),
            adapter: None,
        }
    }

    #[test]
    fn a_begun_study_keeps_its_fixed_model_whatever_is_pulled() {
        let home = tempfile::tempdir().unwrap();
        let hub = Hub::new(home.path()).unwrap();
        let spec = StudySpec {
            perplexity: PerplexitySettings::default(),
            ..Preset::Sample.spec("own")
        };
        let study = StudyDirectory::create(&home.path().join("study"), &spec, None).unwrap();
        let (own, other) = (
            installed(home.path(), "own"),
            installed(home.path(), "other"),
        );
        let fixed = || fixed_model(&hub, &study, hub.resolve("own").unwrap()).unwrap();
        assert_eq!(fixed().id, "own");
        installed(home.path(), FIXED_MODEL);
        assert_eq!(fixed().id, FIXED_MODEL, "it has not begun");
        for begun_with in [&own, &other] {
            let origin = Origin {
                model: own.clone(),
                fixed: begun_with.clone(),
                data_sha256: String::new(),
            };
            let progress = Progress {
                origin: Some(origin),
                ..Progress::default()
            };
            study.write_progress(&progress).unwrap();
            assert_eq!(fixed().id, begun_with.model);
        }
    }
}
