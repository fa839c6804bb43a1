//! Arithmetic on quantised weights: one layout, several homes.

pub mod packed;
