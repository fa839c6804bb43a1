//! A loaded model: shape, weights, tokenizer and the device it is for.

use std::sync::Arc;

use burn::tensor::Device;
use protocol::adapter::check_strength;

use crate::adapter::{self, Adapter, AppliedAdapter};
pub use crate::architecture::WeightFormat;
use crate::architecture::{self, Decoder};
use crate::checkpoint::gguf::Gguf;
use crate::checkpoint::safetensors::Safetensors;
use crate::checkpoint::source::ByteSource;
use crate::decoder::{DecoderSpec, DecoderWeights, Matrix};
use crate::device;
use crate::error::EngineError;
use crate::kernels::packed::Bits;
use crate::tokenizer::Tokenizer;

/// How to load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where the model will run.
    pub device: Device,
    /// How its weights are kept.
    pub weights: WeightFormat,
}

/// A model ready to run. Cloning shares the weights.
#[derive(Clone)]
pub struct Model {
    spec: Arc<DecoderSpec>,
    weights: Arc<DecoderWeights>,
    tokenizer: Arc<Tokenizer>,
    device: Device,
    adapter: Option<AppliedAdapter>,
}

impl Model {
    /// Reads a GGUF file: header, tokenizer, weights.
    ///
    /// # Errors
    /// A broken file, an unsupported family, a tokenizer that does not fit.
    pub fn from_gguf(source: &dyn ByteSource, options: &LoadOptions) -> Result<Self, EngineError> {
        let file = Gguf::open(source)?;
        let decoder = architecture::from_gguf(file.metadata(), &file, options.weights)?;
        let tokenizer = Tokenizer::from_gguf(file.metadata(), source.name())?;
        Self::assemble(decoder, tokenizer, options)
    }

    /// Reads a Hugging Face checkpoint: `config.json`, `tokenizer.json` and one or more safetensors files.
    ///
    /// # Errors
    /// As [`Model::from_gguf`].
    pub fn from_safetensors(
        config_json: &[u8],
        tokenizer_json: &[u8],
        shards: &[&dyn ByteSource],
        options: &LoadOptions,
    ) -> Result<Self, EngineError> {
        let store = Safetensors::open_sharded(shards.to_vec())?;
        let decoder = architecture::from_huggingface(config_json, &store, options.weights)?;
        let tokenizer = Tokenizer::from_json(tokenizer_json, "tokenizer.json")?;
        Self::assemble(decoder, tokenizer, options)
    }

    fn assemble(
        decoder: Decoder,
        tokenizer: Tokenizer,
        options: &LoadOptions,
    ) -> Result<Self, EngineError> {
        // A checkpoint may pad its embedding beyond the tokenizer, never the other way round.
        if tokenizer.vocabulary_size() > decoder.spec.vocabulary {
            return Err(EngineError::Tokenizer(format!(
                "{} tokens, but the model has embeddings for {}",
                tokenizer.vocabulary_size(),
                decoder.spec.vocabulary
            )));
        }
        Ok(Self {
            spec: Arc::new(decoder.spec),
            weights: Arc::new(decoder.weights),
            tokenizer: Arc::new(tokenizer),
            device: options.device.clone(),
            adapter: None,
        })
    }

    /// Text to tokens and back.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The shape.
    pub fn spec(&self) -> &DecoderSpec {
        &self.spec
    }

    /// The weights on the host.
    pub fn weights(&self) -> &DecoderWeights {
        &self.weights
    }

    /// The device it was loaded for.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The same weights for another device. Nothing is copied: a device gets its own with the first
    /// generator or runner.
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            device,
            ..self.clone()
        }
    }

    /// The same weights with an adapter at a strength between 0 (the model as it is) and
    /// [`protocol::adapter::LARGEST_STRENGTH`]; 1 is the adapter as trained. It takes the place of the one that
    /// this model has, if any. Nothing is copied.
    ///
    /// # Errors
    /// An adapter that was made for another model, a strength outside its range.
    pub fn with_adapter(&self, adapter: Arc<Adapter>, strength: f32) -> Result<Self, EngineError> {
        self.with_applied(AppliedAdapter::new(adapter, strength)?)
    }

    /// As [`Model::with_adapter`].
    ///
    /// # Errors
    /// An adapter that was made for another model.
    pub fn with_applied(&self, applied: AppliedAdapter) -> Result<Self, EngineError> {
        applied.adapter().check(&self.spec)?;
        Ok(Self {
            // At strength 0 the branch would only cost time.
            adapter: (applied.strength() > 0.0).then_some(applied),
            ..self.clone()
        })
    }

    /// The same weights without an adapter.
    #[must_use]
    pub fn without_adapter(&self) -> Self {
        Self {
            adapter: None,
            ..self.clone()
        }
    }

    /// The adapter that is applied beside the weights.
    pub fn adapter(&self) -> Option<&AppliedAdapter> {
        self.adapter.as_ref()
    }

    /// A model whose weights contain the adapter: the maps that it changes in single precision, the
    /// others as they are, and no adapter beside them.
    ///
    /// # Errors
    /// As [`Model::with_adapter`].
    pub fn merged(&self, adapter: &Adapter, strength: f32) -> Result<Self, EngineError> {
        adapter.check(&self.spec)?;
        check_strength(strength)?;
        Ok(Self {
            weights: Arc::new(adapter::merged(&self.weights, adapter, strength)),
            adapter: None,
            ..self.clone()
        })
    }

    /// Positions the model was made for.
    pub fn context_length(&self) -> usize {
        self.spec.context_length
    }

    /// Entries of the embedding.
    pub fn vocabulary_size(&self) -> usize {
        self.spec.vocabulary
    }

    /// Number of weights, a tied head counted once.
    pub fn parameters(&self) -> u64 {
        self.weights.parameters()
    }

    /// Memory of the weights on the host.
    pub fn weight_bytes(&self) -> u64 {
        self.weights.bytes() as u64
    }

    /// How the weights are kept, for provenance: `f32`, `8-bit blocks`, `4-bit blocks`, or a mixture.
    pub fn weight_kind(&self) -> String {
        let mut kinds: Vec<&str> = std::iter::once(&*self.weights.embedding)
            .chain(
                self.weights
                    .layers
                    .iter()
                    .flat_map(|layer| layer.projections().map(|(_, matrix)| matrix)),
            )
            .map(|matrix| match matrix {
                Matrix::Dense(_) => "f32",
                Matrix::Packed(matrix) => match matrix.bits() {
                    Bits::Four => "4-bit blocks",
                    Bits::Eight => "8-bit blocks",
                },
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.join(" + ")
    }

    pub(crate) fn spec_shared(&self) -> Arc<DecoderSpec> {
        Arc::clone(&self.spec)
    }

    pub(crate) fn weights_shared(&self) -> Arc<DecoderWeights> {
        Arc::clone(&self.weights)
    }

    pub(crate) fn tokenizer_shared(&self) -> Arc<Tokenizer> {
        Arc::clone(&self.tokenizer)
    }

    pub(crate) fn runs_on_processor(&self) -> bool {
        !device::is_gpu_runtime(&self.device)
    }
}
