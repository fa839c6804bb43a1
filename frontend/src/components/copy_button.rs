//! Puts a text on the clipboard.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// How long the button says that it has done it.
const SAID: Duration = Duration::from_secs(2);

/// A button that copies what `text` returns, and says whether it could.
#[component]
pub fn CopyButton(
    id: &'static str,
    label: &'static str,
    text: Callback<(), String>,
) -> impl IntoView {
    let said = RwSignal::new(None);
    let copy = move |_| {
        let text = text.run(());
        spawn_local(async move {
            said.set(Some(if written(&text).await {
                "Copied"
            } else {
                "The browser refused"
            }));
            set_timeout(
                move || {
                    said.try_set(None);
                },
                SAID,
            );
        });
    };
    view! {
        <button id=id type="button" class="plain" on:click=copy>
            <span aria-live="polite">{move || said.get().unwrap_or(label)}</span>
        </button>
    }
}

/// Browsers refuse where the page is not served securely or the reader said no.
async fn written(text: &str) -> bool {
    // There the clipboard is not even defined.
    if !window().is_secure_context() {
        return false;
    }
    JsFuture::from(window().navigator().clipboard().write_text(text))
        .await
        .is_ok()
}
