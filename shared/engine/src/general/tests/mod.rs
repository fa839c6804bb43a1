//! The general pass against plain loops, on the processor and on Mesa's software Vulkan adapter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod errors;
mod hooks;
mod pass;
pub(crate) mod random;
mod reference;

use std::sync::Arc;

use burn::tensor::Device;

use super::{Cache, Chunk, GeneralPass};
use crate::decoder::{DecoderSpec, DecoderWeights};

/// The processor and, where there is one, a Vulkan device, each with the tolerance of its sums.
pub(crate) fn devices() -> Vec<(&'static str, Device, f32)> {
    let mut devices = vec![("cpu", Device::flex(), 1e-5)];
    match crate::device::open(crate::device::DeviceChoice::Vulkan(0)) {
        Ok(device) => devices.push(("vulkan", device, 1e-4)),
        Err(error) => eprintln!("skipped on Vulkan: {error}"),
    }
    devices
}

fn pass(spec: &Arc<DecoderSpec>, weights: &Arc<DecoderWeights>, device: &Device) -> GeneralPass {
    GeneralPass::new(spec.clone(), weights.clone(), device).unwrap()
}

fn forward(pass: &mut GeneralPass, tokens: &[u32], cache: &mut Cache) -> Vec<f32> {
    let hidden = pollster::block_on(pass.forward(&mut [Chunk { tokens, cache }])).unwrap();
    hidden.into_data().try_into_vec().unwrap()
}

#[track_caller]
fn assert_close(label: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len(), "{label}: lengths");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let allowed = tolerance * (1.0 + expected.abs());
        assert!(
            (got - expected).abs() <= allowed,
            "{label}: value {index} is {got}, expected {expected}"
        );
    }
}
