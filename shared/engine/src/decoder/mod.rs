//! A decoder-only transformer as data: its shape and its weights.

pub mod spec;
pub mod weights;

pub use spec::{Activation, DecoderSpec, LayerSpec, RopePairing};
pub use weights::{DecoderWeights, DenseMatrix, LayerWeights, Matrix};
