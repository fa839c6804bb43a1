//! A part of the page that needs an answer of the server.

use leptos::prelude::*;

use crate::state::document::Document;

/// Shows `show` of the answer, that the server is being asked, or why it did not answer.
pub fn answered<T, V>(
    document: Document<T>,
    show: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    move || match document.answer.get() {
        None => view! { <p class="quiet" role="status">"Asking the server…"</p> }.into_any(),
        Some(Err(failure)) => view! {
            <div class="problem" role="alert">
                <p>{failure.to_string()}</p>
                <div class="buttons">
                    <button type="button" on:click=move |_| document.ask()>
                        "Try again"
                    </button>
                </div>
            </div>
        }
        .into_any(),
        Some(Ok(answer)) => show(answer).into_any(),
    }
}
