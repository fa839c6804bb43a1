//! The graphics card: whether there is one, what it can do, and opening it.

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuBackend;
use js_sys::{Function, Promise};
use protocol::local::{WebGpuAdapter, WebGpuReport};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::failure::Failure;
use crate::javascript::{explain, number, property, scope, text};
use crate::voice;

/// Names under which programs pretend to be graphics cards.
const SOFTWARE: [&str; 4] = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];

/// What the browser offers.
pub async fn report() -> WebGpuReport {
    match adapter().await {
        Ok(adapter) => WebGpuReport::Available {
            adapter: describe(&adapter),
        },
        Err(why_not) => WebGpuReport::Unavailable { why_not },
    }
}

/// Opens the card for the engine. It can be opened once in a worker's life.
///
/// # Errors
/// Where there is none, or it cannot be opened.
pub async fn open() -> Result<Device, Failure> {
    let (device, setup) = Device::wgpu_options()
        .graphics_api(WgpuBackend::WebGpu)
        .init_with_setup_async()
        .await
        .map_err(|error| Failure::NoWebGpu(error.to_string()))?;
    setup.device.set_device_lost_callback(|reason, message| {
        voice::lose_device(&format!(
            "the browser took the graphics card away: {message} ({reason:?})"
        ));
    });
    Ok(device)
}

async fn adapter() -> Result<JsValue, String> {
    let gpu = property(&scope().navigator(), "gpu");
    if gpu.is_undefined() {
        return Err(
            "this browser offers no WebGPU to this page; a current Chrome, Edge, Safari or \
             Firefox does, over https or from this machine itself"
                .into(),
        );
    }
    let request: Function = property(&gpu, "requestAdapter")
        .dyn_into()
        .map_err(|_| "this browser's WebGPU has no adapters".to_owned())?;
    let promise: Promise = request
        .call0(&gpu)
        .map_err(|error| explain(&error))?
        .unchecked_into();
    let adapter = JsFuture::from(promise)
        .await
        .map_err(|error| explain(&error))?;
    if adapter.is_null() || adapter.is_undefined() {
        return Err(
            "the browser knows no graphics card that it trusts with WebGPU; its page about the \
             graphics card (chrome://gpu, about:support) says why"
                .into(),
        );
    }
    Ok(adapter)
}

fn describe(adapter: &JsValue) -> WebGpuAdapter {
    let (info, limits) = (property(adapter, "info"), property(adapter, "limits"));
    let features = property(adapter, "features");
    let has = |feature: &str| {
        property(&features, "has")
            .dyn_into::<Function>()
            .ok()
            .and_then(|has| has.call1(&features, &feature.into()).ok())
            .is_some_and(|has| has.is_truthy())
    };
    let (vendor, architecture) = (text(&info, "vendor"), text(&info, "architecture"));
    let description = [text(&info, "description"), text(&info, "device")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let names = format!("{vendor} {architecture} {description}").to_lowercase();
    WebGpuAdapter {
        software: property(&info, "isFallbackAdapter").is_truthy()
            || SOFTWARE.iter().any(|name| names.contains(name)),
        vendor,
        architecture,
        description,
        f16: has("shader-f16"),
        subgroups: has("subgroups"),
        max_storage_buffer_binding_size: number(&limits, "maxStorageBufferBindingSize") as u64,
        max_buffer_size: number(&limits, "maxBufferSize") as u64,
        max_compute_invocations_per_workgroup: number(&limits, "maxComputeInvocationsPerWorkgroup")
            as u32,
        max_compute_workgroup_storage_size: number(&limits, "maxComputeWorkgroupStorageSize")
            as u32,
        max_storage_buffers_per_shader_stage: number(&limits, "maxStorageBuffersPerShaderStage")
            as u32,
    }
}
