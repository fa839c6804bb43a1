//! The general pass against plain loops, on the processor and on Mesa's software Vulkan adapter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod errors;
mod hooks;
mod pass;
pub(crate) mod random;
pub(crate) mod reference;

use std::sync::Arc;

use burn::tensor::Device;

use super::{Cache, Chunk, GeneralPass};
use crate::decoder::{DecoderSpec, DecoderWeights};
use crate::device::{DeviceChoice, list_devices};
use random::Storage;

/// The processor and, where there is one, a Vulkan device, each with the tolerance of its sums.
pub(crate) fn devices() -> Vec<(&'static str, Device, f32)> {
    let mut devices = vec![("cpu", Device::flex(), 1e-5)];
    let gpu = list_devices()
        .into_iter()
        .find(|device| matches!(device.choice, DeviceChoice::Vulkan(_)));
    match gpu {
        Some(gpu) => devices.push(("vulkan", gpu.device, 1e-4)),
        None => eprintln!("skipped on Vulkan: there is no adapter"),
    }
    devices
}

/// What rounding does to a model on this device: the processor's packed kernels round activations
/// to fifteen bits, everything else is single precision throughout.
fn model_tolerance(device: &str, storage: Storage) -> f32 {
    match (device, storage) {
        ("cpu", Storage::Packed) => 5e-3,
        _ => 1e-4,
    }
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
