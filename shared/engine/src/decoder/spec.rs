//! What a decoder-only transformer looks like, as data. Both passes through a model (the general
//! one in burn operations and the fused one) read it; a family's file fills it in.

/// Gate activation of the feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Gaussian error unit, tanh approximation (Gemma).
    GeluTanh,
    /// x · sigmoid(x) (Llama).
    Silu,
}

/// Which two components of a head rotate together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RopePairing {
    /// (i, i + head_dim/2): Hugging Face checkpoints, Gemma GGUF.
    HalfSplit,
    /// (2i, 2i + 1): Llama GGUF, whose query and key rows are permuted for it.
    Interleaved,
}

/// What is particular to one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSpec {
    /// Angle per position of each rotating pair, `head_dim / 2` values.
    pub rope_frequencies: Vec<f32>,
    /// A position sees itself and the `window − 1` before it; `None` sees everything before it.
    pub window: Option<usize>,
}

/// The shape and constants of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderSpec {
    /// Family, as GGUF names it (`gemma3`, `llama`).
    pub architecture: String,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Width of one head.
    pub head_dim: usize,
    /// Width of the feed-forward block.
    pub feed_forward: usize,
    /// Entries of the vocabulary.
    pub vocabulary: usize,
    /// Positions the model was made for.
    pub context_length: usize,
    /// Added to the mean square inside every RMS norm.
    pub norm_epsilon: f32,
    /// Embeddings are multiplied by it.
    pub embedding_scale: f32,
    /// Attention scores are multiplied by it.
    pub attention_scale: f32,
    /// Gate activation.
    pub activation: Activation,
    /// Pairing of rotary components.
    pub rope_pairing: RopePairing,
    /// One per layer.
    pub layers: Vec<LayerSpec>,
}

impl DecoderSpec {
    /// Width of all query heads together.
    pub fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key (or value) heads together.
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }
}

/// `base^(−2i/head_dim)` for each pair i: rotary embedding, arXiv 2104.09864 §3.
pub fn rope_frequencies(base: f32, head_dim: usize) -> Vec<f32> {
    (0..head_dim / 2)
        .map(|pair| {
            let exponent = 2.0 * pair as f64 / head_dim as f64;
            f64::from(base).powf(-exponent) as f32
        })
        .collect()
}
