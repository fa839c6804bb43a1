//! One way to run a model, whichever pass it takes.

use burn::tensor::{Device, Tensor};

use crate::error::EngineError;
#[cfg(feature = "cube")]
use crate::fused::gpu;
use crate::fused::{self, FusedChunk, FusedPass};
use crate::general::{self, GeneralPass};
use crate::kernels::simd;
use crate::model::Model;

/// Keys and values of one sequence.
pub enum KvCache {
    /// On the processor, for the fused pass.
    Fused(fused::Cache),
    /// On a GPU, for the fused pass there.
    #[cfg(feature = "cube")]
    Gpu(gpu::Cache),
    /// On a burn device, for the general pass.
    General(general::Cache),
}

impl KvCache {
    /// Positions already filled.
    pub fn length(&self) -> usize {
        match self {
            KvCache::Fused(cache) => cache.length(),
            #[cfg(feature = "cube")]
            KvCache::Gpu(cache) => cache.length(),
            KvCache::General(cache) => cache.length(),
        }
    }

    /// Positions that fit.
    pub fn capacity(&self) -> usize {
        match self {
            KvCache::Fused(cache) => cache.capacity(),
            #[cfg(feature = "cube")]
            KvCache::Gpu(cache) => cache.capacity(),
            KvCache::General(cache) => cache.capacity(),
        }
    }
}

/// New tokens of one sequence; their positions follow what the cache holds.
pub struct Chunk<'a> {
    /// Token ids, at least one.
    pub tokens: &'a [u32],
    /// The sequence's cache, made by the same runner.
    pub cache: &'a mut KvCache,
}

/// Hidden states, `[rows of all chunks, hidden]`.
#[allow(clippy::large_enum_variant)] // one lives at a time
pub enum Hidden {
    /// After the final norm, in memory.
    Host(Vec<f32>),
    /// On a GPU.
    #[cfg(feature = "cube")]
    Gpu(gpu::Hidden),
    /// After the final norm, on a burn device.
    Device(Tensor<2>),
}

/// What a step cost a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepCounters {
    /// Kernels that were launched.
    pub dispatches: u32,
    /// Times that the host waited for numbers.
    pub read_backs: u32,
}

/// Runs a model. Packed weights take the fused pass of the processor or of the GPU, everything else
/// the general one.
#[allow(clippy::large_enum_variant)] // one per model
pub enum Runner {
    /// See [`FusedPass`].
    Fused(FusedPass),
    /// See [`gpu::GpuPass`].
    #[cfg(feature = "cube")]
    Gpu(gpu::GpuPass),
    /// See [`GeneralPass`].
    General(GeneralPass),
}

impl Runner {
    /// The pass that suits the model and its device.
    ///
    /// # Errors
    /// When the device cannot hold the weights.
    pub fn new(model: &Model) -> Result<Self, EngineError> {
        if model.runs_on_processor()
            && let Ok(pass) = FusedPass::new(model.spec_shared(), model.weights_shared())
        {
            return Ok(Runner::Fused(match model.adapter() {
                Some(adapter) => pass.with_adapter(adapter),
                None => pass,
            }));
        }
        // The fused pass of a GPU has no place for an adapter.
        #[cfg(feature = "cube")]
        if model.adapter().is_none()
            && !model.runs_on_processor()
            && gpu::GpuPass::suits(model.weights())
        {
            let pass = gpu::GpuPass::new(model.spec_shared(), model.weights(), model.device())?;
            return Ok(Runner::Gpu(pass));
        }
        Self::general(model)
    }

    /// The general pass, whatever the model: for hooks, and to compare the two.
    ///
    /// # Errors
    /// As [`Runner::new`].
    pub fn general(model: &Model) -> Result<Self, EngineError> {
        let device: &Device = model.device();
        let pass = GeneralPass::new(model.spec_shared(), model.weights_shared(), device)?;
        Ok(Runner::General(match model.adapter() {
            Some(adapter) => pass.with_adapter(adapter),
            None => pass,
        }))
    }

    /// The general pass on the weights that this runner has on its device, with the adapter of
    /// `model`, which must be the same model; `None` for another pass, or without an adapter.
    pub(crate) fn sharing(&self, model: &Model) -> Option<Self> {
        match (self, model.adapter()) {
            (Runner::General(pass), Some(adapter)) => {
                Some(Runner::General(pass.clone().with_adapter(adapter)))
            }
            _ => None,
        }
    }

    /// An empty cache for `capacity` positions, allocated at once.
    ///
    /// # Errors
    /// When the device has no room for it.
    pub fn new_cache(&self, capacity: usize) -> Result<KvCache, EngineError> {
        match self {
            Runner::Fused(pass) => Ok(KvCache::Fused(pass.new_cache(capacity))),
            #[cfg(feature = "cube")]
            Runner::Gpu(pass) => pass.new_cache(capacity).map(KvCache::Gpu),
            Runner::General(pass) => pass.new_cache(capacity).map(KvCache::General),
        }
    }

    /// Runs the new tokens of all sequences together.
    ///
    /// # Errors
    /// An empty chunk, a full cache, a token outside the vocabulary, a cache of the other pass.
    pub async fn forward(&mut self, chunks: &mut [Chunk<'_>]) -> Result<Hidden, EngineError> {
        match self {
            Runner::Fused(pass) => {
                let mut parts = Vec::with_capacity(chunks.len());
                for chunk in chunks {
                    let KvCache::Fused(cache) = &mut *chunk.cache else {
                        return Err(foreign_cache());
                    };
                    parts.push(FusedChunk {
                        tokens: chunk.tokens,
                        cache,
                    });
                }
                pass.forward(&mut parts).map(Hidden::Host)
            }
            #[cfg(feature = "cube")]
            Runner::Gpu(pass) => {
                let mut parts = Vec::with_capacity(chunks.len());
                for chunk in chunks {
                    let KvCache::Gpu(cache) = &mut *chunk.cache else {
                        return Err(foreign_cache());
                    };
                    parts.push(gpu::GpuChunk {
                        tokens: chunk.tokens,
                        cache,
                    });
                }
                pass.forward(&mut parts).map(Hidden::Gpu)
            }
            Runner::General(pass) => {
                let mut parts = Vec::with_capacity(chunks.len());
                for chunk in chunks {
                    let KvCache::General(cache) = &mut *chunk.cache else {
                        return Err(foreign_cache());
                    };
                    parts.push(general::Chunk {
                        tokens: chunk.tokens,
                        cache,
                    });
                }
                pass.forward(&mut parts).await.map(Hidden::Device)
            }
        }
    }

    /// Logits of the chosen rows, `[rows.len(), vocabulary]`, in memory.
    ///
    /// # Errors
    /// When reading back fails.
    pub async fn logits(
        &mut self,
        hidden: &Hidden,
        rows: &[usize],
    ) -> Result<Vec<f32>, EngineError> {
        match (self, hidden) {
            (Runner::Fused(pass), Hidden::Host(values)) => pass.logits(values, rows),
            #[cfg(feature = "cube")]
            (Runner::Gpu(pass), Hidden::Gpu(hidden)) => pass.logits(hidden, rows).await,
            (Runner::General(pass), Hidden::Device(hidden)) => pass.logits(hidden, rows).await,
            _ => Err(foreign_hidden()),
        }
    }

    /// Whether [`Runner::most_likely`] spares reading logits back.
    pub fn chooses_on_device(&self) -> bool {
        match self {
            #[cfg(feature = "cube")]
            Runner::Gpu(_) => true,
            Runner::Fused(_) | Runner::General(_) => false,
        }
    }

    /// The most likely token of each chosen row, the first of equals.
    ///
    /// # Errors
    /// When reading back fails.
    pub async fn most_likely(
        &mut self,
        hidden: &Hidden,
        rows: &[usize],
    ) -> Result<Vec<u32>, EngineError> {
        #[cfg(feature = "cube")]
        if let (Runner::Gpu(pass), Hidden::Gpu(hidden)) = (&mut *self, hidden) {
            return pass.most_likely(hidden, rows).await;
        }
        let logits = self.logits(hidden, rows).await?;
        let width = logits.len() / rows.len().max(1);
        let largest = |logits: &[f32]| simd::largest(logits).0 as u32;
        Ok(logits.chunks_exact(width.max(1)).map(largest).collect())
    }

    /// What the device was asked to do since the last [`Runner::forward`] began, where the pass
    /// counts it.
    pub fn counters(&self) -> Option<StepCounters> {
        match self {
            #[cfg(feature = "cube")]
            Runner::Gpu(pass) => Some(pass.counters()),
            Runner::Fused(_) | Runner::General(_) => None,
        }
    }

    /// Natural logarithm of each target token's probability after its row. The logits of all rows
    /// never exist at once.
    ///
    /// # Errors
    /// A token outside the vocabulary, or when reading back fails.
    pub async fn token_log_probabilities(
        &mut self,
        hidden: &Hidden,
        targets: &[(usize, u32)],
    ) -> Result<Vec<f32>, EngineError> {
        match (self, hidden) {
            (Runner::Fused(pass), Hidden::Host(values)) => {
                pass.token_log_probabilities(values, targets)
            }
            #[cfg(feature = "cube")]
            (Runner::Gpu(pass), Hidden::Gpu(hidden)) => {
                pass.token_log_probabilities(hidden, targets).await
            }
            (Runner::General(pass), Hidden::Device(hidden)) => {
                pass.token_log_probabilities(hidden, targets).await
            }
            _ => Err(foreign_hidden()),
        }
    }
}

fn foreign_cache() -> EngineError {
    EngineError::Device("a cache was made by another runner".into())
}

fn foreign_hidden() -> EngineError {
    EngineError::Device("hidden states were made by another runner".into())
}
