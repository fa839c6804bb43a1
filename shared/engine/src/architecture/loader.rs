//! Tensors by name into a decoder's weights, every shape checked.

use std::sync::Arc;

use crate::checkpoint::{StoredTensor, TensorStore, TensorType};
use crate::decoder::{DecoderSpec, DecoderWeights, DenseMatrix, LayerWeights, Matrix};
use crate::error::CheckpointError;
use crate::kernels::repack::{pack_dense, repack};

/// How weights are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightFormat {
    /// Quantised matrices stay packed, floating-point ones become single precision.
    #[default]
    AsStored,
    /// Everything in single precision.
    Dense,
    /// Floating-point matrices are rounded to 8-bit blocks too.
    Packed8,
}

/// The naming scheme of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorNames {
    /// `blk.0.attn_q.weight`
    Gguf,
    /// `model.layers.0.self_attn.q_proj.weight`, four norms a layer, weights stored minus one.
    HuggingFaceGemma3,
    /// `model.layers.0.self_attn.q_proj.weight`, two norms a layer.
    HuggingFaceLlama,
}

/// The parts of a layer that have a tensor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    AttentionNorm,
    Query,
    Key,
    Value,
    Output,
    QueryNorm,
    KeyNorm,
    PostAttentionNorm,
    FeedForwardNorm,
    Gate,
    Up,
    Down,
    PostFeedForwardNorm,
}

impl TensorNames {
    fn embedding(self) -> &'static str {
        match self {
            TensorNames::Gguf => "token_embd.weight",
            _ => "model.embed_tokens.weight",
        }
    }

    fn head(self) -> &'static str {
        match self {
            TensorNames::Gguf => "output.weight",
            _ => "lm_head.weight",
        }
    }

    fn final_norm(self) -> &'static str {
        match self {
            TensorNames::Gguf => "output_norm.weight",
            _ => "model.norm.weight",
        }
    }

    /// The tensor of a part of a layer.
    pub(crate) fn layer(self, layer: usize, part: Part) -> String {
        let gguf = match part {
            Part::AttentionNorm => "attn_norm",
            Part::Query => "attn_q",
            Part::Key => "attn_k",
            Part::Value => "attn_v",
            Part::Output => "attn_output",
            Part::QueryNorm => "attn_q_norm",
            Part::KeyNorm => "attn_k_norm",
            Part::PostAttentionNorm => "post_attention_norm",
            Part::FeedForwardNorm => "ffn_norm",
            Part::Gate => "ffn_gate",
            Part::Up => "ffn_up",
            Part::Down => "ffn_down",
            Part::PostFeedForwardNorm => "post_ffw_norm",
        };
        let huggingface = match part {
            Part::AttentionNorm => "input_layernorm",
            Part::Query => "self_attn.q_proj",
            Part::Key => "self_attn.k_proj",
            Part::Value => "self_attn.v_proj",
            Part::Output => "self_attn.o_proj",
            Part::QueryNorm => "self_attn.q_norm",
            Part::KeyNorm => "self_attn.k_norm",
            Part::PostAttentionNorm => "post_attention_layernorm",
            // Llama has no norm after attention and gives its name to the one before the feed-forward block.
            Part::FeedForwardNorm if self == TensorNames::HuggingFaceLlama => {
                "post_attention_layernorm"
            }
            Part::FeedForwardNorm => "pre_feedforward_layernorm",
            Part::Gate => "mlp.gate_proj",
            Part::Up => "mlp.up_proj",
            Part::Down => "mlp.down_proj",
            Part::PostFeedForwardNorm => "post_feedforward_layernorm",
        };
        match self {
            TensorNames::Gguf => format!("blk.{layer}.{gguf}.weight"),
            _ => format!("model.layers.{layer}.{huggingface}.weight"),
        }
    }
}

pub struct Loader<'a> {
    store: &'a dyn TensorStore,
    spec: &'a DecoderSpec,
    format: WeightFormat,
    names: TensorNames,
}

impl<'a> Loader<'a> {
    pub fn new(
        store: &'a dyn TensorStore,
        spec: &'a DecoderSpec,
        format: WeightFormat,
        names: TensorNames,
    ) -> Self {
        Self {
            store,
            spec,
            format,
            names,
        }
    }

    pub fn weights(&self) -> Result<DecoderWeights, CheckpointError> {
        let spec = self.spec;
        let embedding =
            Arc::new(self.matrix(self.names.embedding(), spec.vocabulary, spec.hidden)?);
        // No tensor for the head means that it is the embedding.
        let output = match self.store.info(self.names.head()) {
            Some(_) => Arc::new(self.matrix(self.names.head(), spec.vocabulary, spec.hidden)?),
            None => Arc::clone(&embedding),
        };
        let layers = (0..spec.layers.len())
            .map(|layer| self.layer(layer))
            .collect::<Result<_, _>>()?;
        Ok(DecoderWeights {
            embedding,
            output,
            final_norm: self.norm(self.names.final_norm(), spec.hidden)?,
            layers,
        })
    }

    fn layer(&self, layer: usize) -> Result<LayerWeights, CheckpointError> {
        let spec = self.spec;
        let (hidden, query, kv, wide) = (
            spec.hidden,
            spec.query_width(),
            spec.kv_width(),
            spec.feed_forward,
        );
        let matrix = |part, rows, cols| self.matrix(&self.names.layer(layer, part), rows, cols);
        let norm = |part, length| self.norm(&self.names.layer(layer, part), length);
        let gemma = spec.architecture == "gemma3";
        let gemma_norm = |part, length| {
            if gemma {
                norm(part, length).map(Some)
            } else {
                Ok(None)
            }
        };
        Ok(LayerWeights {
            attention_norm: norm(Part::AttentionNorm, hidden)?,
            q_proj: matrix(Part::Query, query, hidden)?,
            k_proj: matrix(Part::Key, kv, hidden)?,
            v_proj: matrix(Part::Value, kv, hidden)?,
            o_proj: matrix(Part::Output, hidden, query)?,
            q_norm: gemma_norm(Part::QueryNorm, spec.head_dim)?,
            k_norm: gemma_norm(Part::KeyNorm, spec.head_dim)?,
            post_attention_norm: gemma_norm(Part::PostAttentionNorm, hidden)?,
            feed_forward_norm: norm(Part::FeedForwardNorm, hidden)?,
            gate_proj: matrix(Part::Gate, wide, hidden)?,
            up_proj: matrix(Part::Up, wide, hidden)?,
            down_proj: matrix(Part::Down, hidden, wide)?,
            post_feed_forward_norm: gemma_norm(Part::PostFeedForwardNorm, hidden)?,
        })
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<StoredTensor, CheckpointError> {
        if let Some(info) = self.store.info(name)
            && info.shape != shape
        {
            return Err(CheckpointError::new(
                self.store.file(),
                format!("tensor `{name}`"),
                format!(
                    "shape {:?}, expected {shape:?} (outermost first)",
                    info.shape
                ),
            ));
        }
        self.store.read(name)
    }

    fn matrix(&self, name: &str, rows: usize, cols: usize) -> Result<Matrix, CheckpointError> {
        let tensor = self.tensor(name, &[rows, cols])?;
        let float = matches!(
            tensor.info.kind,
            TensorType::F32 | TensorType::F16 | TensorType::BF16
        );
        match (self.format, float) {
            (WeightFormat::AsStored, false) | (WeightFormat::Packed8, false) => {
                Ok(Matrix::Packed(repack(self.store.file(), &tensor)?))
            }
            (WeightFormat::Packed8, true) => {
                let values = tensor.to_f32()?;
                Ok(Matrix::Packed(pack_dense(
                    self.store.file(),
                    name,
                    &values,
                    rows,
                    cols,
                )?))
            }
            _ => Ok(Matrix::Dense(DenseMatrix {
                rows,
                cols,
                values: tensor.to_f32()?,
            })),
        }
    }

    fn norm(&self, name: &str, length: usize) -> Result<Vec<f32>, CheckpointError> {
        let mut values = self.tensor(name, &[length])?.to_f32()?;
        if self.names == TensorNames::HuggingFaceGemma3 {
            // Hugging Face stores Gemma's norm weights minus one (modeling_gemma3.py, Gemma3RMSNorm).
            values.iter_mut().for_each(|value| *value += 1.0);
        }
        Ok(values)
    }
}
