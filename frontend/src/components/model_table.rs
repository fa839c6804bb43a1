//! The models that the server knows.

use leptos::prelude::*;
use protocol::api::models::{ModelEntry, ModelList};

use super::language_list::LanguageList;
use crate::state::server_facts::Answer;

/// One row a model: name, languages, size, licence and whether it is here.
#[component]
pub fn ModelTable(models: RwSignal<Answer<ModelList>>) -> impl IntoView {
    move || match models.get() {
        None => view! { <p class="quiet">"Asking the server…"</p> }.into_any(),
        Some(Err(failure)) => view! { <p class="bad">{failure.to_string()}</p> }.into_any(),
        Some(Ok(list)) if list.models.is_empty() => {
            view! { <p class="quiet">"The server knows no model."</p> }.into_any()
        }
        Some(Ok(list)) => table(list.models).into_any(),
    }
}

fn table(models: Vec<ModelEntry>) -> impl IntoView {
    let rows = models
        .into_iter()
        .map(|model| {
            let state = state(&model);
            let size = size(model.bytes);
            view! {
                <tr>
                    <th scope="row">
                        <code>{model.id}</code>
                        {model.default.then_some(" (default)")}
                    </th>
                    <td>
                        <LanguageList codes=model.languages />
                    </td>
                    <td class="number">{size}</td>
                    <td>{model.licence}</td>
                    <td>{state}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" role="region" tabindex="0" aria-labelledby="models-title">
            <table id="models">
                <thead>
                    <tr>
                        <th scope="col">"Model"</th>
                        <th scope="col">"Languages"</th>
                        <th scope="col">"Size"</th>
                        <th scope="col">"Licence"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn state(model: &ModelEntry) -> AnyView {
    if model.loaded {
        "in memory".into_any()
    } else if model.installed {
        "on this machine".into_any()
    } else {
        let command = format!("backend models pull {}", model.id);
        view! {
            "not fetched: "
            <code>{command}</code>
        }
        .into_any()
    }
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
