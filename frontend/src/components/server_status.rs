//! Whether the server answers, in words.

use leptos::prelude::*;
use protocol::api::health::HealthStatus;

use crate::state::server_facts::ServerFacts;

/// The server's state, with a way to ask again when it is not well.
#[component]
pub fn ServerStatus() -> impl IntoView {
    let facts = ServerFacts::get();
    let said = move || match facts.health.get() {
        None => ("quiet", "Asking the server…".to_owned(), String::new()),
        Some(Ok(health)) => match health.status {
            HealthStatus::Ok => (
                "good",
                "Server ready".to_owned(),
                format!("Version {}", health.version),
            ),
            HealthStatus::Failed => (
                "bad",
                "Server failed".to_owned(),
                "The engine of a model has failed; restart the server".to_owned(),
            ),
            HealthStatus::ShuttingDown => (
                "bad",
                "Server stopping".to_owned(),
                "It takes no more requests".to_owned(),
            ),
        },
        Some(Err(failure)) => ("bad", "No server".to_owned(), failure.to_string()),
    };
    let unwell = move || {
        facts
            .health
            .get()
            .is_some_and(|answer| !answer.is_ok_and(|health| health.status == HealthStatus::Ok))
    };
    view! {
        <div class="server-status">
            <p
                id="server-status"
                role="status"
                class=move || format!("dot {}", said().0)
                title=move || said().2
            >
                {move || said().1}
            </p>
            <Show when=unwell>
                <button type="button" class="plain small" on:click=move |_| facts.ask()>
                    "Ask again"
                </button>
            </Show>
        </div>
    }
}
