//! Which model runs where: options that several subcommands share.

use clap::{Args, ValueEnum};
use engine::WeightFormat;
use engine::device::DeviceChoice;
use protocol::provenance::ModelProvenance;

use super::{Context, Failure};
use crate::executor::{EngineModel, ModelReader};
use crate::hub::Hub;

/// The model that is used where none is named.
pub const DEFAULT_MODEL: &str = "gemma-3-270m";

/// How weights are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Weights {
    /// Quantised weights stay packed, others become 32-bit floats
    AsStored,
    /// All weights become 32-bit floats
    Dense,
    /// Floating-point weights are rounded to 8-bit blocks too
    Packed8,
}

impl From<Weights> for WeightFormat {
    fn from(weights: Weights) -> Self {
        match weights {
            Weights::AsStored => WeightFormat::AsStored,
            Weights::Dense => WeightFormat::Dense,
            Weights::Packed8 => WeightFormat::Packed8,
        }
    }
}

/// What it runs on.
#[derive(Debug, Clone, Args)]
pub struct DeviceOptions {
    /// Where the model runs: auto, cpu, vulkan, vulkan:N, cuda or cuda:N; `backend devices` lists
    /// them. `auto` takes a graphics card if there is one
    #[arg(long, value_name = "DEVICE", default_value = "auto", env = "POLYDETOX_DEVICE",
          value_parser = device_choice)]
    pub device: DeviceChoice,
    /// How the weights are kept in memory
    #[arg(long, value_enum, default_value_t = Weights::AsStored)]
    pub weights: Weights,
}

impl Default for DeviceOptions {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            weights: Weights::AsStored,
        }
    }
}

impl DeviceOptions {
    /// Opens the device.
    ///
    /// # Errors
    /// There is no such device.
    pub fn reader(&self) -> Result<ModelReader, Failure> {
        Ok(ModelReader::new(self.device, self.weights.into())?)
    }
}

fn device_choice(text: &str) -> Result<DeviceChoice, String> {
    text.parse()
        .map_err(|error: engine::EngineError| error.to_string())
}

/// One model and what it runs on.
#[derive(Debug, Clone, Args)]
pub struct ModelOptions {
    /// Name of a model (`backend models list`), or path of a .gguf file or checkpoint directory
    #[arg(short, long, value_name = "MODEL", default_value = DEFAULT_MODEL)]
    pub model: String,
    /// What it runs on.
    #[command(flatten)]
    pub device: DeviceOptions,
}

impl ModelOptions {
    /// Reads the model.
    ///
    /// # Errors
    /// There is no such model or device, or the model cannot be read.
    pub fn read(&self, context: &Context) -> Result<(EngineModel, ModelProvenance), Failure> {
        let resolved = Hub::new(&context.data_dir)?.resolve(&self.model)?;
        let (model, provenance) = self.device.reader()?.read(&resolved)?;
        Ok((EngineModel(model), provenance))
    }
}
