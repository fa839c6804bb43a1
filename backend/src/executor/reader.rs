//! From a model's name to a model in memory, on a chosen device.

use std::path::Path;

use engine::checkpoint::ByteSource;
use engine::device::{self, DeviceChoice};
use engine::{EngineError, LoadOptions, Model, WeightFormat};
use protocol::api::devices::DeviceEntry;
use protocol::provenance::ModelProvenance;
use sysinfo::System;

use crate::hub::{FileSource, HubError, ModelFiles, ResolvedModel};

/// Reads models for one device and one weight format.
#[derive(Debug, Clone)]
pub struct ModelReader {
    options: LoadOptions,
    /// Name and hardware of the device, as results show it.
    device: String,
}

/// On Linux a graphics card shows as a device file. Without one, `auto` need not wake the graphics
/// drivers, which takes memory and time and makes some of them complain on stderr.
fn may_have_a_card() -> bool {
    !cfg!(target_os = "linux")
        || ["/dev/dri", "/dev/nvidia0"]
            .iter()
            .any(|path| Path::new(path).exists())
}

impl ModelReader {
    /// Opens the device.
    ///
    /// # Errors
    /// There is no such device.
    pub fn new(choice: DeviceChoice, weights: WeightFormat) -> Result<Self, EngineError> {
        let choice = match choice {
            DeviceChoice::Auto if !may_have_a_card() => DeviceChoice::Cpu,
            choice => choice,
        };
        let device = device::open(choice)?;
        let name = if device == device::open(DeviceChoice::Cpu)? {
            format!("cpu ({})", processor())
        } else {
            device::list_devices()
                .iter()
                .find(|entry| entry.device == device)
                .map_or_else(
                    || choice.to_string(),
                    |entry| format!("{} ({})", entry.choice, entry.name),
                )
        };
        Ok(Self {
            options: LoadOptions { device, weights },
            device: name,
        })
    }

    /// Reads the model's files. Blocks.
    ///
    /// # Errors
    /// A file cannot be read, or is no checkpoint of a family that the engine knows.
    pub fn read(&self, model: &ResolvedModel) -> Result<(Model, ModelProvenance), HubError> {
        let read = match &model.files {
            ModelFiles::Gguf(path) => Model::from_gguf(&FileSource::open(path)?, &self.options)?,
            ModelFiles::Safetensors {
                config,
                tokenizer,
                shards,
            } => {
                let bytes = |path| std::fs::read(path).map_err(HubError::io(path));
                let (config, tokenizer) = (bytes(config)?, bytes(tokenizer)?);
                let shards = shards
                    .iter()
                    .map(|path| FileSource::open(path))
                    .collect::<Result<Vec<_>, _>>()?;
                let shards: Vec<&dyn ByteSource> = shards
                    .iter()
                    .map(|shard| shard as &dyn ByteSource)
                    .collect();
                Model::from_safetensors(&config, &tokenizer, &shards, &self.options)?
            }
        };
        let provenance = ModelProvenance {
            model: model.id.clone(),
            sha256: model.sha256.clone(),
            weights: read.weight_kind(),
            device: self.device.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            adapter: None,
        };
        Ok((read, provenance))
    }

    /// Every device of this machine, the one in use marked.
    pub fn devices(&self) -> Vec<DeviceEntry> {
        let mut devices = devices();
        for device in &mut devices {
            let rest = self.device.strip_prefix(&device.name);
            device.selected = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        }
        devices
    }
}

/// Every device of this machine, the processor first.
pub fn devices() -> Vec<DeviceEntry> {
    device::list_devices()
        .into_iter()
        .map(|device| {
            let is_processor = device.choice == DeviceChoice::Cpu;
            DeviceEntry {
                name: device.choice.to_string(),
                description: if is_processor {
                    processor()
                } else {
                    format!("{} ({})", device.name, device.kind)
                },
                // What the engine does not know of the processor, the system does.
                memory_bytes: device.memory_bytes.or_else(|| {
                    let mut system = System::new().ok().filter(|_| is_processor)?;
                    system.refresh_memory();
                    Some(system.total_memory())
                }),
                dtypes: device.dtypes.into_iter().map(str::to_owned).collect(),
                selected: false,
            }
        })
        .collect()
}

/// The processor's own name and its number of threads, as far as the system tells.
fn processor() -> String {
    let Ok(mut system) = System::new() else {
        return "processor".into();
    };
    system.refresh_cpu_all();
    let threads = system.cpus().len();
    match system.cpus().first().map(|cpu| cpu.brand().trim()) {
        Some(brand) if !brand.is_empty() => format!("{brand}, {threads} threads"),
        _ => format!("processor, {threads} threads"),
    }
}
