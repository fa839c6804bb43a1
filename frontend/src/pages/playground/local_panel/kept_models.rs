//! The models that this browser keeps for the next visit.

use leptos::prelude::*;

use crate::components::figures;
use crate::state::local_engine::LocalEngine;

#[component]
pub fn KeptModels(engine: LocalEngine) -> impl IntoView {
    let capabilities = engine.capabilities;
    view! {
        <div>
            <h3>"Kept models"</h3>
            <ul id="kept-models" class="bare">
                {move || {
                    capabilities
                        .with(|report| report.as_ref().map(|report| report.cached.clone()))
                        .unwrap_or_default()
                        .into_iter()
                        .map(|model| {
                            let id = model.model.clone();
                            view! {
                                <li class="kept-model">
                                    <span>
                                        <code>{model.model.clone()}</code>
                                        {format!(" {}", figures::bytes(model.bytes))}
                                    </span>
                                    <button
                                        type="button"
                                        class="plain small"
                                        aria-label=format!("Remove {} from this browser", model.model)
                                        on:click=move |_| engine.remove(id.clone())
                                    >
                                        "Remove"
                                    </button>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
            <p class="small quiet" id="storage">
                {move || {
                    capabilities
                        .with(|report| {
                            let report = report.as_ref()?;
                            Some(
                                match (&report.storage, &report.why_no_storage) {
                                    (Some(storage), _) => {
                                        format!(
                                            "{} of {} that the browser allows are used.{}",
                                            figures::bytes(storage.usage),
                                            figures::bytes(storage.quota),
                                            if storage.persistent {
                                                ""
                                            } else {
                                                " It may clear them when space runs short."
                                            },
                                        )
                                    }
                                    (None, Some(why)) => {
                                        format!("Models cannot be kept here: {why}")
                                    }
                                    (None, None) => "Models cannot be kept here.".to_owned(),
                                },
                            )
                        })
                }}
            </p>
        </div>
    }
}
