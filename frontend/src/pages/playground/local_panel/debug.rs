//! Figures for those who work on the engine.

use leptos::prelude::*;
use protocol::local::LoadedModel;

use crate::components::facts::Facts;
use crate::components::figures;

#[component]
pub fn Debug(loaded: Memo<Option<LoadedModel>>) -> impl IntoView {
    view! {
        <details id="debug">
            <summary>"Debug"</summary>
            {move || match loaded.get() {
                None => view! { <p class="small quiet">"No model is loaded."</p> }.into_any(),
                Some(loaded) => {
                    view! { <Facts id="loaded-model" rows=rows(&loaded) /> }.into_any()
                }
            }}
        </details>
    }
}

fn rows(loaded: &LoadedModel) -> Vec<(&'static str, String)> {
    let dispatches = match loaded.dispatches_per_token {
        None => "none, the processor runs it".to_owned(),
        Some(dispatches) => format!(
            "{dispatches} ({:.1} a layer)",
            dispatches as f64 / loaded.layers.max(1) as f64
        ),
    };
    vec![
        ("dispatches per token", dispatches),
        ("layers", loaded.layers.to_string()),
        ("context", format!("{} positions", loaded.context_length)),
        ("weights", loaded.provenance.weights.clone()),
        ("weights in memory", figures::bytes(loaded.weight_bytes)),
        ("worker's memory", figures::bytes(loaded.worker_bytes)),
        ("time to load", format!("{:.2} s", loaded.load_seconds)),
        (
            "kept for the next visit",
            if loaded.cached { "yes" } else { "no" }.to_owned(),
        ),
        ("SHA-256", loaded.provenance.sha256.clone()),
    ]
}
