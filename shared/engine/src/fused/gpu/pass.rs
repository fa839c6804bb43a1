//! Tokens in, the residual stream behind the last block out.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

use super::arena::{Arena, Cache};
use super::launch::Launcher;
use super::layer::{Layer, Scratch};
use crate::decoder::{DecoderSpec, DecoderWeights};
use crate::error::EngineError;
use crate::fused::rope::RopeTables;
use crate::fused::{Asked, Row, packed, rows_of};
use crate::kernels::cube::{WeightStack, cube_tensor, upload_words};
use crate::runner::StepCounters;

/// Rows that go through the model together: bounds the memory of what lies between two dispatches.
const PIECE: usize = 512;

/// New tokens of one sequence; their positions follow what the cache holds.
pub struct GpuChunk<'a> {
    /// Token ids, at least one.
    pub tokens: &'a [u32],
    /// The sequence's cache, made by the same pass.
    pub cache: &'a mut Cache,
}

/// The residual stream behind the last block, `[rows, hidden]`; the head norms it.
pub struct Hidden {
    pub(super) residual: CubeTensor,
    pub(super) rows: usize,
}

/// A packed model on a GPU.
pub struct GpuPass {
    pub(super) spec: Arc<DecoderSpec>,
    pub(super) launcher: Launcher,
    pub(super) arena: Arena,
    pub(super) layers: Vec<Layer>,
    pub(super) final_norm: CubeTensor,
    pub(super) output: WeightStack,
    embedding: WeightStack,
    rope: RopeTables,
}

/// What the kernels need to know of the rows of a step.
pub(super) struct Step {
    pub(super) rows: Vec<Row>,
    /// Per row the first position of its sequence in the cache's buffers and its position in the
    /// sequence.
    pub(super) places: CubeTensor,
    /// `[table][row][pair]` cosines and sines.
    pub(super) angles: CubeTensor,
}

impl GpuPass {
    /// Whether a model has what the pass needs: packed weights, head norms for both or neither of
    /// queries and keys.
    pub fn suits(weights: &DecoderWeights) -> bool {
        packed(&weights.embedding).is_ok()
            && packed(&weights.output).is_ok()
            && weights.layers.iter().all(|layer| {
                layer.q_norm.is_some() == layer.k_norm.is_some()
                    && layer
                        .projections()
                        .iter()
                        .all(|(_, matrix)| packed(matrix).is_ok())
            })
    }

    /// Brings the weights to `device`, packed as they are.
    ///
    /// # Errors
    /// A model that [`GpuPass::suits`] refuses, or weights that the device cannot hold.
    pub fn new(
        spec: Arc<DecoderSpec>,
        weights: &DecoderWeights,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let layers = weights
            .layers
            .iter()
            .map(|layer| Layer::new(layer, device))
            .collect::<Result<_, _>>()?;
        let embedding = WeightStack::upload(&[packed(&weights.embedding)?], device)?;
        let output = if Arc::ptr_eq(&weights.embedding, &weights.output) {
            embedding.clone()
        } else {
            WeightStack::upload(&[packed(&weights.output)?], device)?
        };
        Ok(Self {
            launcher: Launcher::new(device)?,
            arena: Arena::new(&spec, device)?,
            layers,
            final_norm: upload_floats(weights.final_norm.clone(), device)?,
            output,
            embedding,
            rope: RopeTables::new(&spec),
            spec,
        })
    }

    /// An empty cache for `capacity` positions.
    ///
    /// # Errors
    /// No positions, more than the model has, or more than the device holds for all sequences.
    pub fn new_cache(&self, capacity: usize) -> Result<Cache, EngineError> {
        if capacity == 0 || capacity > self.spec.context_length {
            return Err(EngineError::ContextOverflow {
                field: "cache".to_owned(),
                tokens: capacity,
                context: self.spec.context_length,
            });
        }
        self.arena.reserve(capacity)
    }

    /// What has been asked of the device since [`GpuPass::forward`] last began.
    pub fn counters(&self) -> StepCounters {
        self.launcher.counters
    }

    /// Runs the new tokens of every chunk; rows chunk after chunk. Nothing is read back.
    ///
    /// # Errors
    /// Before anything is computed: an empty chunk, a token outside the vocabulary, a full cache, a
    /// cache of another pass.
    pub fn forward(&mut self, chunks: &mut [GpuChunk<'_>]) -> Result<Hidden, EngineError> {
        if chunks.iter().any(|chunk| !self.arena.owns(chunk.cache)) {
            return Err(EngineError::Device(
                "a cache was made by another runner".into(),
            ));
        }
        let asked = chunks.iter().map(|chunk| Asked {
            tokens: chunk.tokens,
            length: chunk.cache.length(),
            capacity: chunk.cache.capacity(),
        });
        let rows = rows_of(&self.spec, asked)?;
        let tokens: Vec<u32> = chunks
            .iter()
            .flat_map(|chunk| chunk.tokens.iter().copied())
            .collect();
        self.launcher.counters = StepCounters::default();
        self.arena.grow()?;
        let mut pieces = Vec::new();
        for (rows, tokens) in rows.chunks(PIECE).zip(tokens.chunks(PIECE)) {
            pieces.push(self.piece(rows, tokens, chunks)?);
        }
        for chunk in chunks {
            chunk.cache.length += chunk.tokens.len();
        }
        let residual = match pieces.len() {
            1 => pieces.remove(0),
            _ => {
                let pieces = pieces.into_iter().map(Tensor::<2>::from_primitive::<Cube>);
                cube_tensor(Tensor::cat(pieces.collect(), 0))?
            }
        };
        Ok(Hidden {
            residual,
            rows: rows.len(),
        })
    }

    /// Rows of one sequence follow each other, so each finds the keys of those before it.
    fn piece(
        &mut self,
        rows: &[Row],
        tokens: &[u32],
        chunks: &[GpuChunk<'_>],
    ) -> Result<CubeTensor, EngineError> {
        let device = self.launcher.device().clone();
        let positions: Vec<usize> = rows.iter().map(|row| row.position).collect();
        let angles = self.rope.angles(&positions);
        let angles = angles
            .iter()
            .flat_map(|angles| angles.pairs())
            .flat_map(|(cosine, sine)| [*cosine, *sine])
            .collect();
        let places = rows
            .iter()
            .flat_map(|row| [chunks[row.chunk].cache.start(), row.position])
            .map(|number| number as u32)
            .collect();
        let step = Step {
            rows: rows.to_vec(),
            places: upload_words(places, &device)?,
            angles: upload_floats(angles, &device)?,
        };
        let scratch = Scratch::new(&self.spec, rows.len(), &self.launcher)?;
        let tokens = upload_words(tokens.to_vec(), &device)?;
        self.launcher.embed(
            &self.embedding,
            &tokens,
            rows.len(),
            &scratch.residual,
            self.spec.embedding_scale,
        );
        for layer in 0..self.layers.len() {
            let table = self.rope.table_of(layer);
            self.block(layer, table, &step, &scratch);
        }
        Ok(scratch.residual)
    }
}

/// Numbers in the memory of a GPU.
pub(super) fn upload_floats(values: Vec<f32>, device: &Device) -> Result<CubeTensor, EngineError> {
    let count = values.len();
    cube_tensor(Tensor::<1>::from_data(
        TensorData::new(values, [count]),
        (device, DType::F32),
    ))
}
