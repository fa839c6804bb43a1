//! One transformer block, there and back.

use std::collections::BTreeMap;

use burn::tensor::Device;
use protocol::training::BasePrecision;

use super::attention::{self, Attended};
use super::batch::Batch;
use super::dropout::Dropout;
use super::frozen::FrozenMap;
use super::lora::Branch;
use super::rows::{self, Angles, gated, join, norm, norm_backward};
use crate::EngineError;
use crate::adapter::{Adapter, LoraFactors, Projection};
use crate::decoder::{DecoderSpec, LayerWeights};
use crate::kernels::simd;

/// What all blocks of one piece of a batch share.
pub(super) struct Setting<'a> {
    pub(super) spec: &'a DecoderSpec,
    pub(super) batch: &'a Batch,
    pub(super) angles: &'a Angles,
    pub(super) adapter: &'a Adapter,
    pub(super) dropout: Option<Dropout>,
    /// Number of the piece's first row within the update.
    pub(super) first_row: usize,
}

/// A block's frozen maps, in the order of [`Projection::ALL`], and its norms.
pub(super) struct Block<'a> {
    pub(super) number: usize,
    pub(super) maps: &'a [FrozenMap],
    pub(super) weights: &'a LayerWeights,
}

/// What the way back needs of the way there; widths as in [`DecoderSpec`].
pub(super) struct Kept {
    input: Vec<f32>,
    /// As projected, before norm and rotation.
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Vec<f32>,
    /// Of attention, before its norm.
    output: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    /// Before its norm; empty where the family has none.
    down: Vec<f32>,
    /// `A drop(x)` of every adapted map.
    inner: BTreeMap<Projection, Vec<f32>>,
}

/// The frozen maps of a block on the device.
pub(super) fn maps(
    weights: &LayerWeights,
    precision: BasePrecision,
    device: &Device,
) -> Result<Vec<FrozenMap>, EngineError> {
    Projection::ALL
        .iter()
        .map(|projection| FrozenMap::new(projection.weights(weights), precision, device))
        .collect()
}

impl Block<'_> {
    fn branch<'s>(&self, setting: &Setting<'s>, projection: Projection) -> Option<Branch<'s>> {
        let factors = setting.adapter.layers[self.number].get(&projection)?;
        Some(Branch {
            factors,
            rank: setting.adapter.config.rank,
            scale: setting.adapter.scale(),
            mask: setting
                .dropout
                .and_then(|dropout| dropout.mask(self.number, projection, setting.first_row)),
        })
    }

    fn project(
        &self,
        setting: &Setting<'_>,
        projection: Projection,
        x: &[f32],
        inner: &mut BTreeMap<Projection, Vec<f32>>,
    ) -> Result<Vec<f32>, EngineError> {
        let mut y = self.maps[projection as usize].forward(x)?;
        if let Some(branch) = self.branch(setting, projection) {
            inner.insert(projection, branch.forward(x, &mut y)?);
        }
        Ok(y)
    }

    /// Runs the block on `input`, `[rows, hidden]`.
    pub(super) fn forward(
        &self,
        setting: &Setting<'_>,
        input: Vec<f32>,
    ) -> Result<(Vec<f32>, Kept), EngineError> {
        let (spec, weights) = (setting.spec, self.weights);
        let epsilon = spec.norm_epsilon;
        let mut inner = BTreeMap::new();

        let normed = norm(&input, &weights.attention_norm, epsilon);
        let queries = self.project(setting, Projection::Query, &normed, &mut inner)?;
        let keys = self.project(setting, Projection::Key, &normed, &mut inner)?;
        let values = self.project(setting, Projection::Value, &normed, &mut inner)?;
        let mut placed = Attended {
            queries: self.place(setting, &queries, weights.q_norm.as_deref()),
            keys: self.place(setting, &keys, weights.k_norm.as_deref()),
            values,
        };
        let attended = attention::forward(spec, self.number, setting.batch, &placed);
        let output = self.project(setting, Projection::Output, &attended, &mut inner)?;
        let post = weights.post_attention_norm.as_deref();
        let middle = join(&input, &output, post, epsilon, spec.hidden);

        let normed = norm(&middle, &weights.feed_forward_norm, epsilon);
        let gate = self.project(setting, Projection::Gate, &normed, &mut inner)?;
        let up = self.project(setting, Projection::Up, &normed, &mut inner)?;
        let gated = gated(spec, &gate, &up);
        let mut down = self.project(setting, Projection::Down, &gated, &mut inner)?;
        let post = weights.post_feed_forward_norm.as_deref();
        let result = join(&middle, &down, post, epsilon, spec.hidden);
        if post.is_none() {
            down = Vec::new();
        }
        let kept = Kept {
            input,
            queries,
            keys,
            values: std::mem::take(&mut placed.values),
            attended,
            output,
            gate,
            up,
            down,
            inner,
        };
        Ok((result, kept))
    }

    /// Gradient of the block's input from that of its result; `None` where `lowest` says that nobody
    /// needs it. Adds the gradients of the block's adapters.
    pub(super) fn backward(
        &self,
        setting: &Setting<'_>,
        mut kept: Kept,
        mut gradient: Vec<f32>,
        gradients: &mut BTreeMap<Projection, LoraFactors>,
        lowest: bool,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        let (spec, weights) = (setting.spec, self.weights);
        let epsilon = spec.norm_epsilon;
        let adapted = |projections: &[Projection]| {
            projections
                .iter()
                .any(|projection| setting.adapter.config.target_modules.contains(projection))
        };
        use Projection::{Down, Gate, Key, Output, Query, Up, Value};

        // The feed-forward block.
        let mut down_gradient = gradient.clone();
        if let Some(post) = &weights.post_feed_forward_norm {
            norm_backward(&kept.down, post, epsilon, &mut down_gradient);
        }
        let input = match adapted(&[Down]) {
            true => gated(spec, &kept.gate, &kept.up),
            false => Vec::new(),
        };
        let on = !lowest || adapted(&[Query, Key, Value, Output, Gate, Up]);
        let steps = [(Down, &*down_gradient)];
        let Some(inner_gradient) =
            self.back(setting, &steps, &input, &kept.inner, gradients, on)?
        else {
            return Ok(None);
        };
        rows::gated_backward(spec, &mut kept.gate, &mut kept.up, &inner_gradient);
        let post = weights.post_attention_norm.as_deref();
        let middle = join(&kept.input, &kept.output, post, epsilon, spec.hidden);
        let input = match adapted(&[Gate, Up]) {
            true => norm(&middle, &weights.feed_forward_norm, epsilon),
            false => Vec::new(),
        };
        let on = !lowest || adapted(&[Query, Key, Value, Output]);
        let steps = [(Gate, &*kept.gate), (Up, &*kept.up)];
        let Some(mut normed) = self.back(setting, &steps, &input, &kept.inner, gradients, on)?
        else {
            return Ok(None);
        };
        norm_backward(&middle, &weights.feed_forward_norm, epsilon, &mut normed);
        simd::add_scaled(&mut gradient, &normed, 1.0);

        // Attention.
        let mut output_gradient = gradient.clone();
        if let Some(post) = post {
            norm_backward(&kept.output, post, epsilon, &mut output_gradient);
        }
        let on = !lowest || adapted(&[Query, Key, Value]);
        let steps = [(Output, &*output_gradient)];
        let attended = &kept.attended;
        let Some(attended) = self.back(setting, &steps, attended, &kept.inner, gradients, on)?
        else {
            return Ok(None);
        };
        let placed = Attended {
            queries: self.place(setting, &kept.queries, weights.q_norm.as_deref()),
            keys: self.place(setting, &kept.keys, weights.k_norm.as_deref()),
            values: std::mem::take(&mut kept.values),
        };
        let mut back = attention::backward(spec, self.number, setting.batch, &placed, &attended);
        let (q_norm, k_norm) = (weights.q_norm.as_deref(), weights.k_norm.as_deref());
        self.place_backward(setting, &kept.queries, q_norm, &mut back.queries);
        self.place_backward(setting, &kept.keys, k_norm, &mut back.keys);
        let input = match adapted(&[Query, Key, Value]) {
            true => norm(&kept.input, &weights.attention_norm, epsilon),
            false => Vec::new(),
        };
        let steps = [
            (Query, &*back.queries),
            (Key, &*back.keys),
            (Value, &*back.values),
        ];
        let Some(mut normed) =
            self.back(setting, &steps, &input, &kept.inner, gradients, !lowest)?
        else {
            return Ok(None);
        };
        norm_backward(&kept.input, &weights.attention_norm, epsilon, &mut normed);
        simd::add_scaled(&mut gradient, &normed, 1.0);
        Ok(Some(gradient))
    }

    /// Gradient of the common input of some maps from those of their results, where it is wanted
    /// (`on`); adds the gradients of their adapters. `input` is read only where a map is adapted.
    fn back(
        &self,
        setting: &Setting<'_>,
        steps: &[(Projection, &[f32])],
        input: &[f32],
        inner: &BTreeMap<Projection, Vec<f32>>,
        gradients: &mut BTreeMap<Projection, LoraFactors>,
        on: bool,
    ) -> Result<Option<Vec<f32>>, EngineError> {
        let mut total: Option<Vec<f32>> = None;
        if on {
            for (projection, gradient) in steps {
                let part = self.maps[*projection as usize].backward(gradient)?;
                match &mut total {
                    Some(total) => simd::add_scaled(total, &part, 1.0),
                    None => total = Some(part),
                }
            }
        }
        for (projection, gradient) in steps {
            let branch = self.branch(setting, *projection);
            let parts = branch
                .zip(inner.get(projection))
                .zip(gradients.get_mut(projection));
            if let Some(((branch, inner), gradients)) = parts {
                branch.backward(input, inner, gradient, total.as_deref_mut(), gradients)?;
            }
        }
        Ok(total)
    }

    /// Per-head norm where the model has one, then rotation to each row's position.
    fn place(&self, setting: &Setting<'_>, raw: &[f32], weight: Option<&[f32]>) -> Vec<f32> {
        let (spec, rows) = (setting.spec, setting.batch.rows());
        let mut placed = match weight {
            Some(weight) => norm(raw, weight, spec.norm_epsilon),
            None => raw.to_vec(),
        };
        let width = placed.len() / rows;
        rows::for_each(&mut placed, width, |row, values| {
            let position = setting.batch.positions[row];
            for head in values.chunks_exact_mut(spec.head_dim) {
                setting.angles.rotate(self.number, position, head, false);
            }
        });
        placed
    }

    /// Gradient of [`Block::place`] with respect to `raw`, in place.
    fn place_backward(
        &self,
        setting: &Setting<'_>,
        raw: &[f32],
        weight: Option<&[f32]>,
        gradient: &mut [f32],
    ) {
        let (spec, rows) = (setting.spec, setting.batch.rows());
        let width = gradient.len() / rows;
        rows::for_each(gradient, width, |row, values| {
            let position = setting.batch.positions[row];
            for head in values.chunks_exact_mut(spec.head_dim) {
                setting.angles.rotate(self.number, position, head, true);
            }
        });
        if let Some(weight) = weight {
            norm_backward(raw, weight, spec.norm_epsilon, gradient);
        }
    }
}
