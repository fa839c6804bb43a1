//! Whether the server answers, in words.

use leptos::prelude::*;
use protocol::api::health::{Health, HealthStatus};

use crate::app::Answer;

/// The server's state, with a way to ask again when it is not well.
#[component]
pub fn ServerStatus(health: RwSignal<Answer<Health>>, ask: Callback<()>) -> impl IntoView {
    let text = move || match health.get() {
        None => ("quiet", "Asking the server…".to_owned()),
        Some(Ok(health)) => match health.status {
            HealthStatus::Ok => ("good", format!("Server {} is ready", health.version)),
            HealthStatus::Failed => (
                "bad",
                "The engine of a model has failed; restart the server".to_owned(),
            ),
            HealthStatus::ShuttingDown => ("bad", "The server is being stopped".to_owned()),
        },
        Some(Err(failure)) => ("bad", failure.to_string()),
    };
    let unwell = move || {
        health
            .get()
            .is_some_and(|answer| !answer.is_ok_and(|health| health.status == HealthStatus::Ok))
    };
    view! {
        <div class="notice">
            <p id="server-status" role="status" class=move || text().0>
                {move || text().1}
            </p>
            <Show when=unwell>
                <button type="button" on:click=move |_| ask.run(())>
                    "Ask again"
                </button>
            </Show>
        </div>
    }
}
