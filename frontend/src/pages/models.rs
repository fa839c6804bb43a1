//! `/models`: what can be run.

use leptos::prelude::*;

use crate::components::model_table::ModelTable;
use crate::state::server_facts::ServerFacts;

#[component]
pub fn Models() -> impl IntoView {
    let facts = ServerFacts::get();
    facts.ask();
    view! {
        <section class="section" aria-labelledby="models-title">
            <h1 id="models-title">"Models"</h1>
            <p class="quiet">
                "What the server knows. A model that is on its machine can run there and, where it fits, in this browser."
            </p>
            <ModelTable models=facts.models />
        </section>
    }
}
