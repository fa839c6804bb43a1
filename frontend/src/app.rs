//! The one view there is so far: what the server has, and a box to try it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::api::health::Health;
use protocol::api::models::ModelList;

use crate::components::model_table::ModelTable;
use crate::components::prompt_box::PromptBox;
use crate::components::server_status::ServerStatus;
use crate::remote::{RemoteFailure, fetch};

/// A value that is asked of the server: not there yet, there, or refused.
pub type Answer<T> = Option<Result<T, RemoteFailure>>;

#[component]
pub fn App() -> impl IntoView {
    let health = RwSignal::new(Answer::<Health>::None);
    let models = RwSignal::new(Answer::<ModelList>::None);
    // Asked anew after each generation too, since that is what loads a model.
    let ask = Callback::new(move |()| {
        spawn_local(async move { health.set(Some(fetch::health().await)) });
        spawn_local(async move { models.set(Some(fetch::models().await)) });
    });
    ask.run(());
    view! {
        <div class="page">
            <header class="masthead">
                <div>
                    <h1>"Polydetox"</h1>
                    <p class="quiet">
                        "Multilingual language models, run and measured on your own machine."
                    </p>
                </div>
                <ServerStatus health ask />
            </header>
            <main class="page-content">
                <PromptBox models after=ask />
                <ModelTable models />
            </main>
        </div>
    }
}
