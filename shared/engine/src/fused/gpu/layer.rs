//! One transformer block: eight dispatches where branches are normed before they join the residual
//! stream (Gemma), six where they are not (Llama).

use burn::tensor::Device;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Heads, Launcher, Placement, Reach};
use super::pass::{GpuPass, Step, upload_floats};
use crate::decoder::{Activation, DecoderSpec, LayerWeights, RopePairing};
use crate::error::EngineError;
use crate::fused::packed;
use crate::kernels::cube::attention::UNITS;
use crate::kernels::cube::linear::Finish;
use crate::kernels::cube::{LinearCall, WeightStack};

/// One block's weights.
pub(super) struct Layer {
    attention_norm: CubeTensor,
    qkv: WeightStack,
    /// Query norm, then key norm.
    head_norms: Option<CubeTensor>,
    o_proj: WeightStack,
    post_attention_norm: Option<CubeTensor>,
    feed_forward_norm: CubeTensor,
    /// Gate, then up.
    gate_up: WeightStack,
    down_proj: WeightStack,
    post_feed_forward_norm: Option<CubeTensor>,
}

impl Layer {
    pub(super) fn new(weights: &LayerWeights, device: &Device) -> Result<Self, EngineError> {
        let norm = |weight: &Vec<f32>| upload_floats(weight.clone(), device);
        let maybe = |weight: &Option<Vec<f32>>| weight.as_ref().map(norm).transpose();
        let head_norms = match (&weights.q_norm, &weights.k_norm) {
            (Some(queries), Some(keys)) => Some(norm(&[&queries[..], keys].concat())?),
            (None, None) => None,
            _ => {
                return Err(EngineError::Device(
                    "the fused pass on a GPU norms both queries and keys or neither".into(),
                ));
            }
        };
        Ok(Self {
            attention_norm: norm(&weights.attention_norm)?,
            qkv: WeightStack::upload(
                &[
                    packed(&weights.q_proj)?,
                    packed(&weights.k_proj)?,
                    packed(&weights.v_proj)?,
                ],
                device,
            )?,
            head_norms,
            o_proj: WeightStack::upload(&[packed(&weights.o_proj)?], device)?,
            post_attention_norm: maybe(&weights.post_attention_norm)?,
            feed_forward_norm: norm(&weights.feed_forward_norm)?,
            gate_up: WeightStack::upload(
                &[packed(&weights.gate_proj)?, packed(&weights.up_proj)?],
                device,
            )?,
            down_proj: WeightStack::upload(&[packed(&weights.down_proj)?], device)?,
            post_feed_forward_norm: maybe(&weights.post_feed_forward_norm)?,
        })
    }
}

/// What lies between the dispatches of a step; every block uses it again.
pub(super) struct Scratch {
    pub(super) residual: CubeTensor,
    /// Queries, keys and values of a row side by side.
    projected: CubeTensor,
    attended: CubeTensor,
    inner: CubeTensor,
    branch: CubeTensor,
}

impl Scratch {
    pub(super) fn new(
        spec: &DecoderSpec,
        rows: usize,
        launcher: &Launcher,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            residual: launcher.floats([rows, spec.hidden])?,
            projected: launcher.floats([rows, spec.query_width() + 2 * spec.kv_width()])?,
            attended: launcher.floats([rows, spec.query_width()])?,
            inner: launcher.floats([rows, spec.feed_forward])?,
            branch: launcher.floats([rows, spec.hidden])?,
        })
    }
}

impl GpuPass {
    /// `table` is the number of the layer's table among the step's angles.
    pub(super) fn block(&mut self, number: usize, table: usize, step: &Step, scratch: &Scratch) {
        let (layer, spec) = (&self.layers[number], &*self.spec);
        let (launcher, rows) = (&mut self.launcher, step.rows.len());
        let epsilon = spec.norm_epsilon;
        launcher.linear(
            &layer.qkv,
            LinearCall {
                x: &scratch.residual,
                norm: Some((&layer.attention_norm, epsilon)),
                picked: None,
                x_rows: rows,
                output: &scratch.projected,
                finish: Finish::Store,
            },
        );
        let heads = Heads {
            heads: spec.heads,
            kv_heads: spec.kv_heads,
            head_dim: spec.head_dim,
            positions: self.arena.positions,
        };
        let buffers = &self.arena.layers[number];
        launcher.place(
            heads,
            Placement {
                projected: &scratch.projected,
                norms: layer.head_norms.as_ref().map(|norms| (norms, epsilon)),
                angles: &step.angles,
                first_angle: table * rows * spec.head_dim,
                places: &step.places,
                rows,
                interleaved: spec.rope_pairing == RopePairing::Interleaved,
            },
            (&buffers.keys, &buffers.values),
        );
        let window = spec.layers[number].window;
        let seen = |position: usize| window.map_or(position + 1, |window| window.min(position + 1));
        let longest = step.rows.iter().map(|row| seen(row.position)).max();
        launcher.attend(
            heads,
            &scratch.projected,
            (&buffers.keys, &buffers.values),
            &step.places,
            &scratch.attended,
            Reach {
                rows,
                window: window.unwrap_or(0),
                steps: longest.unwrap_or(0).div_ceil(UNITS),
                scale: spec.attention_scale,
            },
        );
        let norm = layer.post_attention_norm.as_ref();
        join(
            launcher,
            spec,
            &layer.o_proj,
            &scratch.attended,
            norm,
            rows,
            scratch,
        );
        launcher.linear(
            &layer.gate_up,
            LinearCall {
                x: &scratch.residual,
                norm: Some((&layer.feed_forward_norm, epsilon)),
                picked: None,
                x_rows: rows,
                output: &scratch.inner,
                finish: match spec.activation {
                    Activation::GeluTanh => Finish::GateGelu,
                    Activation::Silu => Finish::GateSilu,
                },
            },
        );
        let norm = layer.post_feed_forward_norm.as_ref();
        join(
            launcher,
            spec,
            &layer.down_proj,
            &scratch.inner,
            norm,
            rows,
            scratch,
        );
    }
}

/// `residual += x · Wᵀ`, normed first where the family norms its branches.
fn join(
    launcher: &mut Launcher,
    spec: &DecoderSpec,
    weights: &WeightStack,
    x: &CubeTensor,
    norm: Option<&CubeTensor>,
    rows: usize,
    scratch: &Scratch,
) {
    let (output, finish) = match norm {
        Some(_) => (&scratch.branch, Finish::Store),
        None => (&scratch.residual, Finish::Add),
    };
    launcher.linear(
        weights,
        LinearCall {
            x,
            norm: None,
            picked: None,
            x_rows: rows,
            output,
            finish,
        },
    );
    if let Some(norm) = norm {
        let norm = (norm, spec.hidden, spec.norm_epsilon);
        launcher.join(&scratch.residual, &scratch.branch, rows, norm);
    }
}
