//! Arithmetic on quantised weights: one layout, several homes.

pub mod activation;
pub mod attention;
#[cfg(feature = "cube")]
pub mod cube;
pub mod gradient;
pub(crate) mod lanes;
pub mod linear;
pub mod linear_op;
pub mod packed;
pub mod product;
pub mod repack;
pub mod scalar;
pub mod simd;
pub mod vector;
