//! PEFT's layout of an adapter: `adapter_config.json` and `adapter_model.safetensors`
//! (huggingface/peft, `peft/tuners/lora/config.py`, `peft/utils/save_and_load.py`).

mod config;
mod rows;
mod tensors;

use super::{Adapter, LoraConfig};
use crate::checkpoint::ByteSource;
use crate::decoder::DecoderSpec;
use crate::error::EngineError;

/// Name of the file with the settings.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// Name of the file with the numbers.
pub const TENSORS_FILE: &str = "adapter_model.safetensors";

impl LoraConfig {
    /// Reads `adapter_config.json`.
    ///
    /// # Errors
    /// A broken file, or a variant of LoRA that is not supported, by the name of its key.
    pub fn from_peft(config_json: &[u8]) -> Result<Self, EngineError> {
        Ok(config::parse(config_json)?)
    }
}

impl Adapter {
    /// Reads an adapter that PEFT, or [`Adapter::peft_config`] and [`Adapter::peft_tensors`], wrote,
    /// for a model of the given shape.
    ///
    /// # Errors
    /// A broken file; a variant of LoRA that is not supported; a tensor that is missing, too much,
    /// transposed or of another shape. Each names the file and the field or tensor.
    pub fn from_peft(
        config_json: &[u8],
        tensors: &dyn ByteSource,
        spec: &DecoderSpec,
    ) -> Result<Self, EngineError> {
        let config = config::parse(config_json)?;
        let layers = tensors::read(tensors, &config, spec)?;
        Ok(Self { config, layers })
    }

    /// The text of `adapter_config.json`.
    pub fn peft_config(&self) -> String {
        config::write(&self.config)
    }

    /// The bytes of `adapter_model.safetensors`, single precision. The same adapter gives the same
    /// bytes. `spec` is the shape of the model whose row order the factors have.
    pub fn peft_tensors(&self, spec: &DecoderSpec) -> Vec<u8> {
        tensors::write(self, spec)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
