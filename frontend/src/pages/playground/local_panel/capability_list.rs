//! What the browser can do, in its own words.

use leptos::prelude::*;
use protocol::local::{Capabilities, WebGpuReport};

use crate::components::facts::Facts;
use crate::components::figures;

#[component]
pub fn CapabilityList(capabilities: RwSignal<Option<Capabilities>>) -> impl IntoView {
    view! {
        <div>
            <h3>"This browser can"</h3>
            {move || match capabilities.get() {
                None => view! { <p class="small quiet">"Asking…"</p> }.into_any(),
                Some(report) => {
                    view! { <Facts id="capabilities" rows=rows(&report) /> }.into_any()
                }
            }}
        </div>
    }
}

fn rows(report: &Capabilities) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    match &report.webgpu {
        WebGpuReport::Unavailable { why_not } => rows.push(("WebGPU", why_not.clone())),
        WebGpuReport::Available { adapter } => {
            let named: Vec<&str> = [&adapter.vendor, &adapter.architecture, &adapter.description]
                .into_iter()
                .map(String::as_str)
                .filter(|part| !part.is_empty())
                .collect();
            let name = if named.is_empty() {
                "an adapter without a name".to_owned()
            } else {
                named.join(" ")
            };
            let software = if adapter.software {
                ", a program on the processor"
            } else {
                ""
            };
            rows.push(("WebGPU", format!("{name}{software}")));
            rows.push(("16-bit shaders", yes_or_no(adapter.f16)));
            rows.push(("subgroups", yes_or_no(adapter.subgroups)));
            rows.push((
                "largest binding",
                figures::bytes(adapter.max_storage_buffer_binding_size),
            ));
            rows.push(("largest buffer", figures::bytes(adapter.max_buffer_size)));
        }
    }
    rows.push(("WebAssembly SIMD", yes_or_no(report.simd)));
    if let Some(threads) = report.hardware_threads {
        rows.push(("processor threads", threads.to_string()));
    }
    if let Some(memory) = report.device_memory_gib {
        rows.push(("memory", format!("{memory} GiB or more")));
    }
    rows
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
