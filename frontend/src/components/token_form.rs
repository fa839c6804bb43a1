//! Asks the reader for the server's token, where the server asks for one.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::remote::{fetch, token};
use crate::state::server_facts::ServerFacts;

/// The field; nothing where no token is wanted.
#[component]
pub fn TokenForm() -> impl IntoView {
    let facts = ServerFacts::get();
    let given = RwSignal::new(String::new());
    // One of an earlier visit of this tab that no longer is the right one.
    let wrong = RwSignal::new(token::get().map(|_| NOT_THE_ONE));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = given.get_untracked();
        let text = text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        wrong.set(None);
        if !token::keep(&text) {
            wrong.set(Some("This browser keeps nothing for this page, so it cannot keep the token either: allow it to store data for this address."));
            return;
        }
        spawn_local(async move {
            match fetch::models().await {
                Err(failure) if failure.wants_token() => {
                    token::forget();
                    wrong.set(Some(NOT_THE_ONE));
                }
                // Everything that was refused is asked for again, by the worker too.
                _ => reload(),
            }
        });
    };
    view! {
        <Show when=move || facts.token_wanted.get()>
            <section id="token" class="section" aria-labelledby="token-title">
                <h2 id="token-title">"This server asks for its token"</h2>
                <p class="quiet" id="token-help">
                    "It is the secret that the server was started with (" <code>"--token"</code> " or "
                    <code>"POLYDETOX_TOKEN"</code>
                    "); whoever started it knows it. This tab keeps it until it is closed, and sends it to this server alone."
                </p>
                <form class="fields" on:submit=submit>
                    <label>
                        "Token"
                        <input
                            id="token-field"
                            type="password"
                            autocomplete="off"
                            dir="ltr"
                            aria-describedby="token-help token-wrong"
                            aria-invalid=move || wrong.get().map(|_| "true")
                            prop:value=move || given.get()
                            on:input=move |event| given.set(event_target_value(&event))
                        />
                    </label>
                    <button id="use-token" type="submit" class="primary">
                        "Use it"
                    </button>
                </form>
                <p id="token-wrong" class="bad" role="alert">
                    {move || wrong.get()}
                </p>
            </section>
        </Show>
    }
}

const NOT_THE_ONE: &str = "The server does not take this token.";

/// A button that takes the token out of this tab; nothing where it has none.
#[component]
pub fn ForgetToken() -> impl IntoView {
    token::get().map(|_| {
        view! {
            <button
                id="forget-token"
                type="button"
                class="plain small"
                title="This tab keeps the server’s token until it is closed"
                on:click=move |_| {
                    token::forget();
                    reload();
                }
            >
                "Forget the token"
            </button>
        }
    })
}

fn reload() {
    window().location().reload().ok();
}
