//! Kernels written once for every GPU: Vulkan, CUDA and the browser's WebGPU. None assumes the width
//! of a subgroup or more than 256 units a cube; all sizes are run-time values, so that a model needs
//! few pipelines.

pub mod argmax;
pub mod attention;
pub mod embedding;
pub mod join;
pub mod linear;
mod linear_call;
pub mod place;
mod reduce;
mod stack;
mod unpack;

pub use linear_call::LinearCall;
pub use stack::{WeightStack, cube_tensor, upload_words};
