//! The fused pass on a GPU: packed weights and the cache stay on the device, a block is six to eight
//! dispatches, and a greedy step reads back one number per sequence.
//!
//! A step of `rows` new tokens: the embedding; per block (`layer.rs`) norm and q/k/v; head norms,
//! rotation and cache; attention; output projection; norm, gate and up; down; and two more where the
//! family norms its branches before they join the residual stream; then norm and head, and two
//! dispatches for the most likely token. The same kernels run on Vulkan, CUDA and WebGPU.

mod arena;
mod head;
mod launch;
mod layer;
mod pass;
#[cfg(test)]
mod tests;

pub use arena::Cache;
pub use pass::{GpuChunk, GpuPass, Hidden};
