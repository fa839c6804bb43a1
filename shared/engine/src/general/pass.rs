//! Tokens in, final hidden states out; logits and log-probabilities of chosen rows.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::attention::attend;
use super::branch::Branches;
use super::cache::Cache;
use super::layer::{Layer, Norm, activate, maybe};
use super::layout::{PIECE, piece_of, rows_of, validate};
use super::positions::Positions;
use crate::EngineError;
use crate::adapter::{AppliedAdapter, Projection};
use crate::decoder::{DecoderSpec, DecoderWeights};
use crate::hooks::{Hook, RowLayout, Site};
use crate::kernels::linear_op::Linear;

/// Logits that exist at once while log-probabilities are taken: 64 MB.
const LOGITS_AT_ONCE: usize = 1 << 24;

/// New tokens of one sequence.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// The tokens, at least one. Their positions continue after the cache's length.
    pub tokens: &'a [u32],
    /// The sequence's keys and values.
    pub cache: &'a mut Cache,
}

/// A decoder on a burn device, in burn operations. A clone shares the weights on the device.
#[derive(Debug, Clone)]
pub struct GeneralPass {
    spec: Arc<DecoderSpec>,
    weights: Arc<DecoderWeights>,
    device: Device,
    layers: Arc<[Layer]>,
    final_norm: Norm,
    output: Linear,
    branches: Option<Branches>,
}

impl GeneralPass {
    /// Brings the weights to `device`; packed ones stay packed. Errors: weights the device cannot hold.
    pub fn new(
        spec: Arc<DecoderSpec>,
        weights: Arc<DecoderWeights>,
        device: &Device,
    ) -> Result<Self, EngineError> {
        if spec.layers.len() != weights.layers.len() {
            return Err(EngineError::Device(format!(
                "the model has {} layers and weights for {}",
                spec.layers.len(),
                weights.layers.len()
            )));
        }
        let layers = weights
            .layers
            .iter()
            .map(|layer| Layer::new(layer, spec.norm_epsilon, device))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            layers,
            final_norm: Norm::new(&weights.final_norm, spec.norm_epsilon, device),
            output: Linear::new(&weights.output, device)?,
            device: device.clone(),
            spec,
            weights,
            branches: None,
        })
    }

    /// The same pass with an adapter, which must fit the model; the weights on the device are shared.
    #[must_use]
    pub fn with_adapter(self, adapter: &AppliedAdapter) -> Self {
        Self {
            branches: Some(Branches::new(adapter, &self.spec, &self.device)),
            ..self
        }
    }

    /// Where the pass runs.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The model's shape.
    pub fn spec(&self) -> &DecoderSpec {
        &self.spec
    }

    /// Keys and values for `capacity` positions. Errors: no positions, or more than the model has.
    pub fn new_cache(&self, capacity: usize) -> Result<Cache, EngineError> {
        if capacity == 0 || capacity > self.spec.context_length {
            return Err(EngineError::ContextOverflow {
                field: "cache".to_owned(),
                tokens: capacity,
                context: self.spec.context_length,
            });
        }
        Ok(Cache::new(&self.spec, capacity, &self.device))
    }

    /// Runs the new tokens of every chunk. Gives the final-normed hidden states, rows chunk after
    /// chunk, `[sum of tokens, hidden]`. Errors, before anything is computed: an empty chunk, a
    /// token outside the vocabulary, a full cache.
    pub async fn forward(&mut self, chunks: &mut [Chunk<'_>]) -> Result<Tensor<2>, EngineError> {
        self.run(chunks, None)
    }

    /// [`GeneralPass::forward`], with `hook` looking at the sites it wants.
    pub async fn forward_with_hooks(
        &mut self,
        chunks: &mut [Chunk<'_>],
        hook: &mut dyn Hook,
    ) -> Result<Tensor<2>, EngineError> {
        self.run(chunks, Some(hook))
    }

    /// Logits of the given rows of `hidden` (`[rows, hidden]`), on the host: `[rows.len(), vocabulary]`.
    pub async fn logits(
        &mut self,
        hidden: &Tensor<2>,
        rows: &[usize],
    ) -> Result<Vec<f32>, EngineError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let logits = self.head(self.pick(hidden, rows)?)?;
        read(logits).await
    }

    /// Natural logarithm of the probability of token `target` at row `row` of `hidden`, for each
    /// `(row, target)`. The logits of all rows never exist together.
    pub async fn token_log_probabilities(
        &mut self,
        hidden: &Tensor<2>,
        targets: &[(usize, u32)],
    ) -> Result<Vec<f32>, EngineError> {
        let vocabulary = self.spec.vocabulary;
        if let Some(&(_, token)) = targets
            .iter()
            .find(|(_, token)| *token as usize >= vocabulary)
        {
            return Err(EngineError::TokenOutOfRange { token, vocabulary });
        }
        let mut probabilities = Vec::with_capacity(targets.len());
        for targets in targets.chunks((LOGITS_AT_ONCE / vocabulary.max(1)).max(1)) {
            let rows: Vec<usize> = targets.iter().map(|(row, _)| *row).collect();
            let logits = self.head(self.pick(hidden, &rows)?)?;
            let tokens: Vec<u32> = targets.iter().map(|(_, token)| *token).collect();
            probabilities.extend(log_probabilities(logits, &tokens).await?);
        }
        Ok(probabilities)
    }

    fn run(
        &mut self,
        chunks: &mut [Chunk<'_>],
        mut hook: Option<&mut dyn Hook>,
    ) -> Result<Tensor<2>, EngineError> {
        validate(&self.spec, chunks)?;
        let longest = chunks.iter().map(|chunk| chunk.tokens.len()).max();
        let pieces = longest.unwrap_or(0).div_ceil(PIECE);
        // Hidden states by chunk and piece: rows are given back chunk after chunk.
        let mut parts: Vec<Vec<Tensor<2>>> = chunks.iter().map(|_| Vec::new()).collect();
        for piece in 0..pieces {
            let layout = rows_of(chunks, piece);
            let hidden = match &mut hook {
                Some(hook) => self.run_piece(chunks, piece, &layout, Some(&mut **hook))?,
                None => self.run_piece(chunks, piece, &layout, None)?,
            };
            if pieces == 1 {
                return Ok(hidden);
            }
            for part in &layout.chunks {
                let rows = hidden
                    .clone()
                    .slice([part.rows.clone(), 0..self.spec.hidden]);
                parts[part.chunk].push(rows);
            }
        }
        Ok(Tensor::cat(parts.into_iter().flatten().collect(), 0))
    }

    fn run_piece(
        &self,
        chunks: &mut [Chunk<'_>],
        piece: usize,
        layout: &RowLayout,
        hook: Option<&mut dyn Hook>,
    ) -> Result<Tensor<2>, EngineError> {
        let capacities: Vec<usize> = chunks.iter().map(|chunk| chunk.cache.capacity()).collect();
        let positions = Positions::new(&self.spec, layout, &capacities, &self.device);
        let mut see = Seer { hook, layout };
        let mut x = self.embed(chunks, piece);
        for number in 0..self.layers.len() {
            x = self.block(number, x, chunks, layout, &positions, &mut see)?;
            x = see.look(Site::Residual { layer: number }, x);
        }
        for part in &layout.chunks {
            chunks[part.chunk].cache.advance(part.rows.len())?;
        }
        let hidden = self.final_norm.apply(x);
        Ok(see.look(Site::FinalHidden, hidden))
    }

    fn block(
        &self,
        number: usize,
        x: Tensor<2>,
        chunks: &mut [Chunk<'_>],
        layout: &RowLayout,
        positions: &Positions,
        see: &mut Seer<'_, '_>,
    ) -> Result<Tensor<2>, EngineError> {
        let layer = &self.layers[number];
        let spec = &*self.spec;
        let rows = x.dims()[0];

        let normed = layer.attention_norm.apply(x.clone());
        let queries = self.project(number, Projection::Query, normed.clone())?;
        let keys = self.project(number, Projection::Key, normed.clone())?;
        let values = self.project(number, Projection::Value, normed)?;
        let queries = queries.reshape([rows, spec.heads, spec.head_dim]);
        let keys = keys.reshape([rows, spec.kv_heads, spec.head_dim]);
        let values = values.reshape([rows, spec.kv_heads, spec.head_dim]);
        let rotation = positions.rotation(number);
        let queries = rotation.apply(maybe(layer.q_norm.as_ref(), queries), spec.rope_pairing);
        let keys = rotation.apply(maybe(layer.k_norm.as_ref(), keys), spec.rope_pairing);

        let mut attended = Vec::with_capacity(layout.chunks.len());
        for (part, view) in layout.chunks.iter().zip(positions.views(number)) {
            let cache = &mut *chunks[part.chunk].cache;
            let length = cache.length();
            let of = |tensor: &Tensor<3>| {
                let [_, heads, head_dim] = tensor.dims();
                tensor
                    .clone()
                    .slice([part.rows.clone(), 0..heads, 0..head_dim])
            };
            attended.push(attend(
                spec,
                &mut cache.layers[number],
                length,
                view,
                of(&queries),
                of(&keys),
                of(&values),
            ));
        }
        let attended = self.project(number, Projection::Output, Tensor::cat(attended, 0))?;
        let attended = see.look(Site::AttentionOutput { layer: number }, attended);
        let x = x + maybe(layer.post_attention_norm.as_ref(), attended);

        let normed = layer.feed_forward_norm.apply(x.clone());
        let gate = self.project(number, Projection::Gate, normed.clone())?;
        let up = self.project(number, Projection::Up, normed)?;
        let inner = activate(spec.activation, gate) * up;
        let inner = see.look(Site::MlpActivation { layer: number }, inner);
        let down = self.project(number, Projection::Down, inner)?;
        Ok(x + maybe(layer.post_feed_forward_norm.as_ref(), down))
    }

    /// One map of a block, with the adapter's change where there is one.
    fn project(
        &self,
        number: usize,
        projection: Projection,
        x: Tensor<2>,
    ) -> Result<Tensor<2>, EngineError> {
        let weights = projection.weights(&self.weights.layers[number]);
        let change = self
            .branches
            .as_ref()
            .and_then(|branches| branches.change(number, projection, x.clone()));
        let output = self.layers[number]
            .linear(projection)
            .multiply(weights, x)?;
        Ok(match change {
            Some(change) => output + change,
            None => output,
        })
    }

    /// Embeddings of the tokens of one piece, scaled, `[rows, hidden]`. Looked up on the host: a few
    /// rows are sent instead of the whole table.
    fn embed(&self, chunks: &[Chunk<'_>], piece: usize) -> Tensor<2> {
        let hidden = self.spec.hidden;
        let mut values = Vec::new();
        for chunk in chunks {
            for &token in &chunk.tokens[piece_of(chunk.tokens.len(), piece)] {
                let start = values.len();
                values.resize(start + hidden, 0.0);
                self.weights
                    .embedding
                    .copy_row(token as usize, &mut values[start..]);
            }
        }
        values
            .iter_mut()
            .for_each(|value| *value *= self.spec.embedding_scale);
        let rows = values.len() / hidden;
        Tensor::from_data(
            TensorData::new(values, [rows, hidden]),
            (&self.device, DType::F32),
        )
    }

    fn head(&self, hidden: Tensor<2>) -> Result<Tensor<2>, EngineError> {
        self.output.multiply(&self.weights.output, hidden)
    }

    fn pick(&self, hidden: &Tensor<2>, rows: &[usize]) -> Result<Tensor<2>, EngineError> {
        let [count, width] = hidden.dims();
        if width != self.spec.hidden {
            return Err(EngineError::Device(format!(
                "hidden states of width {width} were given to a model of width {}",
                self.spec.hidden
            )));
        }
        if let Some(row) = rows.iter().find(|&&row| row >= count) {
            return Err(EngineError::Device(format!(
                "row {row} of {count} hidden states was asked for"
            )));
        }
        let rows = rows.iter().map(|&row| row as i32).collect();
        Ok(hidden.clone().select(0, self.integers(rows)))
    }

    fn integers(&self, values: Vec<i32>) -> Tensor<1, Int> {
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), (&self.device, DType::I32))
    }
}

/// Natural logarithm of the probability of one token per row of `logits` (`[rows, vocabulary]`).
pub(crate) async fn log_probabilities(
    logits: Tensor<2>,
    tokens: &[u32],
) -> Result<Vec<f32>, EngineError> {
    let tokens: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
    let shape = [tokens.len(), 1];
    let tokens = Tensor::<2, Int>::from_data(
        TensorData::new(tokens, shape),
        (&logits.device(), DType::I32),
    );
    let largest = logits.clone().max_dim(1);
    let chosen = logits.clone().gather(1, tokens) - largest.clone();
    let total = (logits - largest).exp().sum_dim(1).log();
    read(chosen - total).await
}

/// Shows activations to the hook, where there is one that wants them.
struct Seer<'h, 'l> {
    hook: Option<&'h mut dyn Hook>,
    layout: &'l RowLayout,
}

impl Seer<'_, '_> {
    fn look(&mut self, site: Site, value: Tensor<2>) -> Tensor<2> {
        match &mut self.hook {
            Some(hook) if hook.wants(&site) => hook.call(site, self.layout, value),
            _ => value,
        }
    }
}

/// The values of a tensor, row after row.
pub(crate) async fn read(tensor: Tensor<2>) -> Result<Vec<f32>, EngineError> {
    tensor
        .into_data_async()
        .await
        .map_err(|error| EngineError::Device(error.to_string()))?
        .try_into_vec::<f32>()
        .map_err(|error| EngineError::Device(format!("{error:?}")))
}
