//! Which adapter is applied, and how strongly.

use leptos::prelude::*;
use protocol::adapter::{AdapterEntry, LARGEST_STRENGTH};

use super::fields::Fields;

#[component]
pub fn AdapterFields(
    fields: Fields,
    /// For the chosen model.
    adapters: Signal<Vec<AdapterEntry>>,
) -> impl IntoView {
    let chosen = Memo::new(move |_| fields.adapter.with(|name| !name.is_empty()));
    view! {
        <label>
            "Adapter"
            <select
                id="adapter"
                title="Trained with `backend train sft` or a study, or imported with `backend adapters import`"
                disabled=move || adapters.with(Vec::is_empty) && !chosen.get()
                on:change=move |event| fields.adapter.set(event_target_value(&event))
            >
                <option value="" selected=move || !chosen.get()>
                    {move || if adapters.with(Vec::is_empty) { "none for this model" } else { "none" }}
                </option>
                <For each=move || adapters.get() key=|adapter| adapter.name.clone() let:adapter>
                    <option
                        value=adapter.name.clone()
                        selected={
                            let name = adapter.name.clone();
                            move || fields.adapter.get() == name
                        }
                    >
                        {adapter.name.clone()}
                    </option>
                </For>
            </select>
        </label>
        <Show when=move || chosen.get()>
            <label>
                {move || format!("Strength: {} (1: as trained)", fields.adapter_strength.get())}
                <input
                    id="adapter-strength"
                    type="range"
                    min="0"
                    max=LARGEST_STRENGTH.to_string()
                    step="0.05"
                    prop:value=move || fields.adapter_strength.get()
                    on:input=move |event| fields.adapter_strength.set(event_target_value(&event))
                />
            </label>
        </Show>
    }
}
