//! Why nothing can be run where there is no model, and what helps.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::api::models::ModelEntry;

use super::models::FAVOURITE;
use crate::state::server_facts::ServerFacts;

/// Shown once the server has answered, or has not, as long as no side has a model.
#[component]
pub fn NoModel(models: Signal<Vec<ModelEntry>>) -> impl IntoView {
    let facts = ServerFacts::get();
    let answered = Memo::new(move |_| facts.models.with(|models| Some(models.as_ref()?.is_ok())));
    move || {
        let here = answered.get().filter(|_| models.with(Vec::is_empty))?;
        let why = match here {
            true => view! {
                "No model is on the server’s machine or in this browser yet, so there is nothing to run. "
                <code>{format!("backend models pull {FAVOURITE}")}</code>
                " fetches a small one for all seven languages; "
                <A href="/models">"Models"</A>
                " has the others."
            }
            .into_any(),
            false => "The server does not say which models it has, and this browser keeps none, so there is nothing to run.".into_any(),
        };
        Some(view! {
            <p id="no-model" class="problem" role="status">
                <span>{why}</span>
            </p>
        })
    }
}
