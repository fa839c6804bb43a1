//! Where the browser runs the model, and why there.

use leptos::prelude::*;
use protocol::local::{
    Capabilities, DeviceChoice, DeviceReason, DeviceTrial, LoadedModel, LocalDevice, WebGpuReport,
};

use crate::pages::playground::permalink::DEVICES;

#[component]
pub fn DeviceField(
    device: RwSignal<DeviceChoice>,
    loaded: Memo<Option<LoadedModel>>,
    trials: RwSignal<Vec<DeviceTrial>>,
    capabilities: RwSignal<Option<Capabilities>>,
) -> impl IntoView {
    let no_webgpu = Memo::new(move |_| {
        capabilities.with(|capabilities| {
            capabilities
                .as_ref()
                .is_some_and(|report| matches!(report.webgpu, WebGpuReport::Unavailable { .. }))
        })
    });
    view! {
        <fieldset id="device">
            <legend>"Device"</legend>
            {DEVICES
                .map(|(name, offered)| {
                    view! {
                        <label class="inline-field">
                            <input
                                type="radio"
                                name="device"
                                value=name
                                prop:checked=move || device.get() == offered
                                disabled=move || {
                                    offered == DeviceChoice::WebGpu && no_webgpu.get()
                                }
                                on:change=move |_| device.set(offered)
                            />
                            {choice(offered)}
                        </label>
                    }
                })
                .collect_view()}
            <p id="device-reason" class="small quiet">
                {move || {
                    loaded
                        .get()
                        .map(|loaded| {
                            format!("Runs on the {}: {}", name(loaded.device), reason(&loaded.reason))
                        })
                }}
            </p>
            <ul id="trials" class="small quiet bare">
                {move || {
                    trials
                        .get()
                        .into_iter()
                        .map(|trial| view! { <li>{measured(&trial)}</li> })
                        .collect_view()
                }}
            </ul>
        </fieldset>
    }
}

fn choice(device: DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Auto => "The faster one (measured)",
        DeviceChoice::Cpu => "Processor",
        DeviceChoice::WebGpu => "Graphics card (WebGPU)",
    }
}

/// A device as it is called in a sentence.
fn name(device: LocalDevice) -> &'static str {
    match device {
        LocalDevice::Cpu => "processor",
        LocalDevice::WebGpu => "graphics card",
    }
}

fn reason(reason: &DeviceReason) -> String {
    match reason {
        DeviceReason::Chosen => "you chose it.".to_owned(),
        DeviceReason::FasterInTrial => "it was faster in the trial.".to_owned(),
        DeviceReason::OnlyOne { why_no_webgpu } => {
            format!("WebGPU cannot be used, {why_no_webgpu}.")
        }
        DeviceReason::SoftwareAdapter { adapter } => format!(
            "WebGPU's adapter here, {adapter}, is a program on the processor and slower than that."
        ),
        DeviceReason::TrialFailed { reason } => format!("WebGPU failed in the trial ({reason})."),
        DeviceReason::DeviceLost { reason } => format!("WebGPU was lost twice ({reason})."),
    }
}

fn measured(trial: &DeviceTrial) -> String {
    let device = match trial.device {
        LocalDevice::Cpu => "Processor",
        LocalDevice::WebGpu => "Graphics card",
    };
    match (trial.tokens_per_second, &trial.failure) {
        (Some(speed), _) => format!("{device}: {speed:.1} tokens/s in the trial"),
        (None, Some(failure)) => format!("{device}: {failure}"),
        (None, None) => format!("{device}: not tried"),
    }
}
