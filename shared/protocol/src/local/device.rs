//! Where a model runs inside a browser.

use std::fmt::{Display, Formatter};

use serde::{Deserialize, Serialize};

/// Where the user wants a model to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// The faster one in a short trial.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The graphics card; an error where there is no WebGPU.
    WebGpu,
}

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalDevice {
    /// The processor, with WebAssembly SIMD.
    Cpu,
    /// The graphics card, or a software adapter that pretends to be one.
    WebGpu,
}

impl Display for LocalDevice {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            LocalDevice::Cpu => "cpu",
            LocalDevice::WebGpu => "webgpu",
        })
    }
}

/// Why a model runs where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeviceReason {
    /// The user said so.
    Chosen,
    /// It was the faster one in the trial.
    FasterInTrial,
    /// There is no other one.
    OnlyOne {
        /// Why WebGPU cannot be used.
        why_no_webgpu: String,
    },
    /// WebGPU's adapter is a program on the processor, slower than our own kernels there.
    SoftwareAdapter {
        /// What the adapter calls itself.
        adapter: String,
    },
    /// WebGPU failed in the trial.
    TrialFailed {
        /// What the device said.
        reason: String,
    },
    /// WebGPU was lost, twice.
    DeviceLost {
        /// What the browser said.
        reason: String,
    },
}

/// What the trial measured on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceTrial {
    /// The device.
    pub device: LocalDevice,
    /// Decoding speed over a few tokens; absent where the device failed.
    pub tokens_per_second: Option<f64>,
    /// Why there is no speed.
    pub failure: Option<String>,
}
