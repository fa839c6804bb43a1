//! Kernels written once for every GPU: Vulkan, CUDA and the browser's WebGPU.

mod quantised_linear;
mod weights;

pub use weights::DeviceWeights;
