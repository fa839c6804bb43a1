//! Arithmetic on quantised weights: one layout, several homes.

pub mod activation;
pub mod attention;
pub mod linear;
pub mod packed;
pub mod repack;
pub mod scalar;
pub mod simd;
pub mod vector;
