//! From a model's files to a session on the device that suits best.

use burn::tensor::Device;
use engine::checkpoint::{ByteSource, MemorySource};
use engine::generate::Generator;
use engine::{EngineError, LoadOptions, Model, WeightFormat};
use js_sys::ArrayBuffer;
use js_sys::WebAssembly::Memory;
use protocol::api::model_files::ModelFileList;
use protocol::local::{
    DeviceChoice, DeviceReason, DeviceTrial, Event, LoadStage, LoadedModel, LocalDevice,
    WebGpuReport,
};
use protocol::provenance::ModelProvenance;
use wasm_bindgen::JsCast;

use crate::device_trial;
use crate::failure::Failure;
use crate::files::{Fetched, FileSource};
use crate::javascript::now;
use crate::session::Session;
use crate::voice;
use crate::webgpu;

/// The user's wish, and what became of it so far.
pub struct Wish {
    pub choice: DeviceChoice,
    /// Why the graphics card was lost, each time.
    pub lost: Vec<String>,
}

/// The graphics card, opened at most once.
#[derive(Default)]
pub struct Card(Option<Device>);

impl Card {
    async fn device(&mut self) -> Result<Device, Failure> {
        if let Some(device) = &self.0 {
            return Ok(device.clone());
        }
        let device = webgpu::open().await?;
        self.0 = Some(device.clone());
        Ok(device)
    }
}

/// Loads, warms up, and chooses the device.
///
/// # Errors
/// The files cannot be read, or no device that the wish allows can run the model.
pub async fn load(
    list: &ModelFileList,
    fetched: Fetched,
    wish: Wish,
    card: &mut Card,
) -> Result<Session, Failure> {
    let begun = now();
    voice::on_webgpu(false, !wish.lost.is_empty());
    stage(LoadStage::Load);
    let cached = matches!(fetched, Fetched::Kept(..));
    let model = read(list, fetched).await?;
    let chosen = choose(model, &wish, card).await?;
    voice::on_webgpu(chosen.device == LocalDevice::WebGpu, !wish.lost.is_empty());
    let Chosen {
        model,
        generator,
        device,
        reason,
        trials,
    } = chosen;
    let loaded = LoadedModel {
        provenance: ModelProvenance {
            model: list.model.clone(),
            sha256: list.sha256.clone(),
            weights: model.weight_kind(),
            device: format!("{device} (browser)"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            adapter: None,
        },
        device,
        reason,
        load_seconds: (now() - begun) / 1000.0,
        weight_bytes: model.weight_bytes(),
        worker_bytes: memory(),
        context_length: model.context_length(),
        layers: model.spec().layers.len(),
        dispatches_per_token: generator
            .counters()
            .map(|counters| u64::from(counters.dispatches)),
        cached,
    };
    Ok(Session::new(model, generator, loaded, wish.choice, trials))
}

async fn read(list: &ModelFileList, fetched: Fetched) -> Result<Model, Failure> {
    let mut sources: Vec<Box<dyn ByteSource>> = Vec::with_capacity(list.files.len());
    match fetched {
        Fetched::Kept(directory, files) => {
            for (file, shards) in list.files.iter().zip(files) {
                let mut pieces = Vec::with_capacity(shards.len());
                for shard in shards {
                    pieces.push(directory.file(&shard.name()).await?);
                }
                let source = FileSource::new(file.name.clone(), file.bytes, pieces)
                    .map_err(EngineError::from)?;
                sources.push(Box::new(source));
            }
        }
        Fetched::InMemory(files) => {
            for (file, bytes) in list.files.iter().zip(files) {
                sources.push(Box::new(MemorySource::new(&file.name, bytes)));
            }
        }
    }
    let options = LoadOptions {
        device: Device::flex(),
        weights: WeightFormat::AsStored,
    };
    let named = |name: &str| sources.iter().find(|source| source.name() == name);
    let ending = |end: &'static str| {
        sources
            .iter()
            .filter(move |source| source.name().ends_with(end))
            .map(|source| &**source)
    };
    if let Some(gguf) = ending(".gguf").next() {
        return Ok(Model::from_gguf(gguf, &options)?);
    }
    let shards: Vec<&dyn ByteSource> = ending(".safetensors").collect();
    let (Some(config), Some(tokenizer), false) = (
        named("config.json"),
        named("tokenizer.json"),
        shards.is_empty(),
    ) else {
        return Err(Failure::Format {
            model: list.model.clone(),
        });
    };
    let whole = |source: &dyn ByteSource| source.read(0, source.len()).map_err(EngineError::from);
    let (config, tokenizer) = (whole(&**config)?, whole(&**tokenizer)?);
    Ok(Model::from_safetensors(
        &config, &tokenizer, &shards, &options,
    )?)
}

/// A device, and why it.
struct Chosen {
    model: Model,
    generator: Generator,
    device: LocalDevice,
    reason: DeviceReason,
    trials: Vec<DeviceTrial>,
}

async fn choose(model: Model, wish: &Wish, card: &mut Card) -> Result<Chosen, Failure> {
    match (wish.choice, wish.lost.as_slice()) {
        (DeviceChoice::Cpu, [.., last]) => {
            let reason = DeviceReason::DeviceLost {
                reason: last.clone(),
            };
            on_processor(model, reason).await
        }
        (DeviceChoice::Cpu, []) => on_processor(model, DeviceReason::Chosen).await,
        (DeviceChoice::WebGpu, lost) => {
            voice::on_webgpu(true, !lost.is_empty());
            match (on_card(&model, card).await, lost) {
                // A card that was lost may not come back.
                (Err(_), [.., last]) => {
                    let reason = DeviceReason::DeviceLost {
                        reason: last.clone(),
                    };
                    on_processor(model, reason).await
                }
                (result, _) => result,
            }
        }
        (DeviceChoice::Auto, _) => match webgpu::report().await {
            WebGpuReport::Unavailable { why_not } => {
                let reason = DeviceReason::OnlyOne {
                    why_no_webgpu: why_not,
                };
                on_processor(model, reason).await
            }
            WebGpuReport::Available { adapter } if adapter.software => {
                let adapter = [adapter.vendor, adapter.architecture, adapter.description];
                let reason = DeviceReason::SoftwareAdapter {
                    adapter: adapter.join(" ").trim().to_owned(),
                };
                on_processor(model, reason).await
            }
            WebGpuReport::Available { .. } => faster(model, wish, card).await,
        },
    }
}

async fn on_card(model: &Model, card: &mut Card) -> Result<Chosen, Failure> {
    if let WebGpuReport::Unavailable { why_not } = webgpu::report().await {
        return Err(Failure::NoWebGpu(why_not));
    }
    let model = model.on_device(card.device().await?);
    let generator = warm(&model).await?;
    Ok(Chosen {
        model,
        generator,
        device: LocalDevice::WebGpu,
        reason: DeviceReason::Chosen,
        trials: Vec::new(),
    })
}

async fn on_processor(model: Model, reason: DeviceReason) -> Result<Chosen, Failure> {
    let generator = warm(&model).await?;
    Ok(Chosen {
        model,
        generator,
        device: LocalDevice::Cpu,
        reason,
        trials: Vec::new(),
    })
}

/// A short trial on both.
async fn faster(model: Model, wish: &Wish, card: &mut Card) -> Result<Chosen, Failure> {
    let mut on_processor = warm(&model).await?;
    voice::on_webgpu(true, !wish.lost.is_empty());
    let on_card = match card.device().await {
        Ok(device) => {
            let model = model.on_device(device);
            warm(&model).await.map(|generator| (model, generator))
        }
        Err(failure) => Err(failure),
    };
    stage(LoadStage::Trial);
    let mut trials = vec![device_trial::measure(LocalDevice::Cpu, &mut on_processor).await];
    let speed = |trial: &DeviceTrial| trial.tokens_per_second.unwrap_or(0.0);
    let (chosen, reason) = match on_card {
        Ok((model, mut generator)) => {
            let trial = device_trial::measure(LocalDevice::WebGpu, &mut generator).await;
            let reason = match &trial.failure {
                Some(reason) => DeviceReason::TrialFailed {
                    reason: reason.clone(),
                },
                None => DeviceReason::FasterInTrial,
            };
            let better = trials
                .first()
                .is_none_or(|first| speed(&trial) > speed(first));
            trials.push(trial);
            (better.then_some((model, generator)), reason)
        }
        Err(failure) => {
            let reason = failure.to_string();
            trials.push(DeviceTrial {
                device: LocalDevice::WebGpu,
                tokens_per_second: None,
                failure: Some(reason.clone()),
            });
            (None, DeviceReason::TrialFailed { reason })
        }
    };
    let (device, (model, generator)) = match chosen {
        Some(on_card) => (LocalDevice::WebGpu, on_card),
        None => (LocalDevice::Cpu, (model, on_processor)),
    };
    Ok(Chosen {
        model,
        generator,
        device,
        reason,
        trials,
    })
}

async fn warm(model: &Model) -> Result<Generator, Failure> {
    stage(LoadStage::WarmUp);
    let mut generator = Generator::new(model)?;
    device_trial::warm_up(&mut generator).await?;
    Ok(generator)
}

fn stage(stage: LoadStage) {
    voice::say(&Event::Stage { stage });
}

/// Memory of this program.
fn memory() -> u64 {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: ArrayBuffer = memory.buffer().unchecked_into();
    u64::from(buffer.byte_length())
}
