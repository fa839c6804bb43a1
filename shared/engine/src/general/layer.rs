//! One block's weights on the device.

use burn::tensor::{DType, Device, Tensor, TensorData, activation};

use crate::EngineError;
use crate::adapter::Projection;
use crate::decoder::{Activation, LayerWeights};
use crate::kernels::linear_op::Linear;

/// RMS norm with a weight: `x / √(mean(x²) + ε) · w` over the last dimension.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    weight: Tensor<1>,
    epsilon: f32,
}

impl Norm {
    pub(super) fn new(weight: &[f32], epsilon: f32, device: &Device) -> Self {
        let data = TensorData::new(weight.to_vec(), [weight.len()]);
        Self {
            weight: Tensor::from_data(data, (device, DType::F32)),
            epsilon,
        }
    }

    pub(super) fn apply<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mean_square = (x.clone() * x.clone()).mean_dim(D - 1);
        x * (mean_square + self.epsilon).sqrt().recip() * self.weight.clone().unsqueeze()
    }
}

/// The maps and norms of one block.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Norm,
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    pub(super) q_norm: Option<Norm>,
    pub(super) k_norm: Option<Norm>,
    pub(super) post_attention_norm: Option<Norm>,
    pub(super) feed_forward_norm: Norm,
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
    pub(super) post_feed_forward_norm: Option<Norm>,
}

impl Layer {
    pub(super) fn new(
        weights: &LayerWeights,
        epsilon: f32,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let norm = |weight: &Vec<f32>| Norm::new(weight, epsilon, device);
        Ok(Self {
            attention_norm: norm(&weights.attention_norm),
            q_proj: Linear::new(&weights.q_proj, device)?,
            k_proj: Linear::new(&weights.k_proj, device)?,
            v_proj: Linear::new(&weights.v_proj, device)?,
            o_proj: Linear::new(&weights.o_proj, device)?,
            q_norm: weights.q_norm.as_ref().map(norm),
            k_norm: weights.k_norm.as_ref().map(norm),
            post_attention_norm: weights.post_attention_norm.as_ref().map(norm),
            feed_forward_norm: norm(&weights.feed_forward_norm),
            gate_proj: Linear::new(&weights.gate_proj, device)?,
            up_proj: Linear::new(&weights.up_proj, device)?,
            down_proj: Linear::new(&weights.down_proj, device)?,
            post_feed_forward_norm: weights.post_feed_forward_norm.as_ref().map(norm),
        })
    }

    pub(super) fn linear(&self, projection: Projection) -> &Linear {
        match projection {
            Projection::Query => &self.q_proj,
            Projection::Key => &self.k_proj,
            Projection::Value => &self.v_proj,
            Projection::Output => &self.o_proj,
            Projection::Gate => &self.gate_proj,
            Projection::Up => &self.up_proj,
            Projection::Down => &self.down_proj,
        }
    }
}

/// The norm where the family has it.
pub(super) fn maybe<const D: usize>(norm: Option<&Norm>, x: Tensor<D>) -> Tensor<D> {
    match norm {
        Some(norm) => norm.apply(x),
        None => x,
    }
}

/// The gate's activation.
pub(super) fn activate(kind: Activation, x: Tensor<2>) -> Tensor<2> {
    match kind {
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::Silu => activation::silu(x),
    }
}
