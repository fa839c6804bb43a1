//! Choosing a device by name and saying which there are.
//!
//! `auto` takes the first real GPU (discrete before integrated) and otherwise the processor. Mesa's
//! software adapter counts as a Vulkan device of kind "software": it is listed and can be named, but
//! `auto` never takes it, because our own processor kernels are faster.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "cube")]
use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device};

use crate::EngineError;

/// What the user asked for: `auto`, `cpu`, `vulkan`, `vulkan:1`, `cuda`, `cuda:0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A real GPU where there is one, otherwise the processor.
    Auto,
    /// The processor.
    Cpu,
    /// Vulkan device number n in the order of [`list_devices`].
    Vulkan(usize),
    /// CUDA device number n.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let (runtime, index) = match text.split_once(':') {
            Some((runtime, index)) => (runtime, Some(index)),
            None => (text, None),
        };
        let unknown = || {
            EngineError::Device(format!(
                "`{text}` names no device; use auto, cpu, vulkan, vulkan:N, cuda or cuda:N"
            ))
        };
        let number = index
            .map(str::parse::<usize>)
            .transpose()
            .map_err(|_| unknown())?;
        match (runtime, number) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu),
            ("vulkan", number) => Ok(Self::Vulkan(number.unwrap_or(0))),
            ("cuda", number) => Ok(Self::Cuda(number.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Vulkan(index) => write!(formatter, "vulkan:{index}"),
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
        }
    }
}

/// What kind of hardware a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A GPU with memory of its own.
    DiscreteGpu,
    /// A GPU that shares the processor's memory.
    IntegratedGpu,
    /// A GPU of a virtual machine.
    VirtualGpu,
    /// A GPU interface run by the processor.
    Software,
    /// A GPU that does not say what it is.
    Other,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cpu => "cpu",
            Self::DiscreteGpu => "discrete gpu",
            Self::IntegratedGpu => "integrated gpu",
            Self::VirtualGpu => "virtual gpu",
            Self::Software => "software",
            Self::Other => "gpu",
        })
    }
}

/// A device of this machine.
#[derive(Debug, Clone)]
pub struct DeviceDescription {
    /// The name by which it is chosen, such as `vulkan:0`.
    pub choice: DeviceChoice,
    /// What the hardware calls itself.
    pub name: String,
    /// What kind of hardware it is.
    pub kind: DeviceKind,
    /// Bytes of its memory, where the driver says.
    pub memory_bytes: Option<u64>,
    /// Number types in which it computes (`f32`, `f16`, `bf16`).
    pub dtypes: Vec<&'static str>,
    /// The device itself.
    pub device: Device,
}

/// Every device of this machine, the processor first. Opens each of them.
pub fn list_devices() -> Vec<DeviceDescription> {
    let processor = Device::flex();
    let mut devices = vec![DeviceDescription {
        choice: DeviceChoice::Cpu,
        name: "processor".to_owned(),
        kind: DeviceKind::Cpu,
        memory_bytes: None,
        dtypes: dtypes(&processor),
        device: processor,
    }];
    devices.extend(
        vulkan()
            .into_iter()
            .enumerate()
            .map(|(index, device)| describe(DeviceChoice::Vulkan(index), device)),
    );
    devices.extend(
        cuda()
            .into_iter()
            .enumerate()
            .map(|(index, device)| describe(DeviceChoice::Cuda(index), device)),
    );
    devices
}

/// The device that `choice` names; an error that lists what there is where it names none.
pub fn open(choice: DeviceChoice) -> Result<Device, EngineError> {
    let found = match choice {
        DeviceChoice::Cpu => Some(Device::flex()),
        DeviceChoice::Vulkan(index) => vulkan().into_iter().nth(index),
        DeviceChoice::Cuda(index) => cuda().into_iter().nth(index),
        DeviceChoice::Auto => Some(automatic()),
    };
    found.ok_or_else(|| {
        let there: Vec<String> = list_devices()
            .iter()
            .map(|device| format!("{} ({}, {})", device.choice, device.name, device.kind))
            .collect();
        let hint = match choice {
            DeviceChoice::Cuda(_) if !cfg!(feature = "cuda") => {
                " (this program was built without the feature `cuda`)"
            }
            DeviceChoice::Vulkan(_) if !cfg!(feature = "vulkan") => {
                " (this program was built without the feature `vulkan`)"
            }
            _ => "",
        };
        EngineError::Device(format!(
            "there is no `{choice}`{hint}; there are: {}",
            there.join(", ")
        ))
    })
}

/// CUDA first, then discrete, integrated and virtual Vulkan GPUs, then the processor.
fn automatic() -> Device {
    let rank = |device: &Device| match kind(device) {
        DeviceKind::DiscreteGpu => Some(0),
        DeviceKind::IntegratedGpu => Some(1),
        DeviceKind::VirtualGpu | DeviceKind::Other => Some(2),
        DeviceKind::Cpu | DeviceKind::Software => None,
    };
    cuda()
        .into_iter()
        .chain(vulkan())
        .filter_map(|device| rank(&device).map(|rank| (rank, device)))
        .min_by_key(|(rank, _)| *rank)
        .map_or_else(Device::flex, |(_, device)| device)
}

fn dtypes(device: &Device) -> Vec<&'static str> {
    [
        (DType::F32, "f32"),
        (DType::F16, "f16"),
        (DType::BF16, "bf16"),
    ]
    .into_iter()
    .filter(|(dtype, _)| device.supports_dtype(*dtype))
    .map(|(_, name)| name)
    .collect()
}

/// Every adapter that wgpu reaches through Vulkan, discrete before integrated before the others.
#[cfg(all(feature = "vulkan", not(target_family = "wasm")))]
fn vulkan() -> Vec<Device> {
    use cubecl::device::{WgpuBackend, WgpuDevice, WgpuDeviceKind};
    [
        WgpuDeviceKind::DiscreteGpu(0),
        WgpuDeviceKind::IntegratedGpu(0),
        WgpuDeviceKind::VirtualGpu(0),
        WgpuDeviceKind::Cpu,
        WgpuDeviceKind::Other(0),
    ]
    .into_iter()
    .flat_map(|kind| {
        let like = cubecl::Device::Wgpu(WgpuDevice::new(kind).on(WgpuBackend::Vulkan));
        cubecl::Device::enumerate(like.to_id())
    })
    .map(|id| Device::from(cubecl::Device::from_id(id)))
    .collect()
}

#[cfg(not(all(feature = "vulkan", not(target_family = "wasm"))))]
fn vulkan() -> Vec<Device> {
    Vec::new()
}

#[cfg(feature = "cuda")]
fn cuda() -> Vec<Device> {
    Device::enumerate(burn::tensor::DeviceType::Cuda)
        .iter()
        .cloned()
        .collect()
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Vec<Device> {
    Vec::new()
}

/// Whether the device runs our GPU kernels.
#[cfg(feature = "cube")]
pub(crate) fn is_gpu_runtime(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Cube(_))
}

/// Without such kernels there is no such device.
#[cfg(not(feature = "cube"))]
pub(crate) fn is_gpu_runtime(_device: &Device) -> bool {
    false
}

#[cfg(feature = "cube")]
fn kind(device: &Device) -> DeviceKind {
    use cubecl::device::WgpuDeviceKind;
    match device.as_dispatch() {
        DispatchDevice::Cube(cubecl::Device::Wgpu(device)) => match device.kind {
            WgpuDeviceKind::DiscreteGpu(_) => DeviceKind::DiscreteGpu,
            WgpuDeviceKind::IntegratedGpu(_) => DeviceKind::IntegratedGpu,
            WgpuDeviceKind::VirtualGpu(_) => DeviceKind::VirtualGpu,
            WgpuDeviceKind::Cpu => DeviceKind::Software,
            _ => DeviceKind::Other,
        },
        DispatchDevice::Cube(cubecl::Device::Cuda(_)) => DeviceKind::DiscreteGpu,
        DispatchDevice::Cube(_) => DeviceKind::Other,
        _ => DeviceKind::Cpu,
    }
}

#[cfg(not(feature = "cube"))]
fn kind(_: &Device) -> DeviceKind {
    DeviceKind::Cpu
}

#[cfg(feature = "cube")]
fn describe(choice: DeviceChoice, device: Device) -> DeviceDescription {
    let (name, memory_bytes) = match device.as_dispatch() {
        DispatchDevice::Cube(cube) => {
            let client = cube.client();
            let properties = client.properties();
            (
                properties.identity.name.clone(),
                properties.memory.max_memory(),
            )
        }
        _ => ("processor".to_owned(), None),
    };
    DeviceDescription {
        choice,
        name,
        kind: kind(&device),
        memory_bytes,
        dtypes: dtypes(&device),
        device,
    }
}

#[cfg(not(feature = "cube"))]
fn describe(choice: DeviceChoice, device: Device) -> DeviceDescription {
    DeviceDescription {
        choice,
        name: "processor".to_owned(),
        kind: kind(&device),
        memory_bytes: None,
        dtypes: dtypes(&device),
        device,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_back() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
            ("vulkan:2", DeviceChoice::Vulkan(2)),
            ("cuda:0", DeviceChoice::Cuda(0)),
        ] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap(), choice);
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!(
            "vulkan".parse::<DeviceChoice>().unwrap(),
            DeviceChoice::Vulkan(0)
        );
    }

    #[test]
    fn nonsense_is_refused_with_the_names_that_work() {
        for text in [
            "",
            "gpu",
            "cpu:1",
            "auto:0",
            "vulkan:",
            "vulkan:-1",
            "vulkan:x",
            "cuda:1:2",
        ] {
            let error = text.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("`{text}`")) && error.contains("vulkan:N"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_missing_device_is_an_error_that_lists_the_others() {
        for choice in [DeviceChoice::Vulkan(99), DeviceChoice::Cuda(99)] {
            let error = open(choice).unwrap_err().to_string();
            assert!(
                error.contains(&choice.to_string()) && error.contains("cpu (processor"),
                "{error}"
            );
        }
    }

    #[test]
    fn auto_never_takes_a_software_adapter() {
        assert_ne!(
            kind(&open(DeviceChoice::Auto).unwrap()),
            DeviceKind::Software
        );
    }

    #[test]
    fn the_processor_is_listed_and_computes_in_single_precision() {
        let devices = list_devices();
        assert_eq!(devices[0].choice, DeviceChoice::Cpu);
        for device in &devices {
            assert!(device.dtypes.contains(&"f32"), "{device:?}");
        }
    }
}
