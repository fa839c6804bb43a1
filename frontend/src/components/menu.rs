//! A button that opens a list of links.

use leptos::html;
use leptos::prelude::*;

/// The links; Escape closes the list and gives the focus back to its button.
#[component]
pub fn Menu(id: &'static str, words: &'static str, children: Children) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    let summary = NodeRef::<html::Summary>::new();
    view! {
        <details
            id=id
            class="menu"
            node_ref=details
            on:keydown=move |event| {
                if event.key() == "Escape"
                    && let Some(details) = details.get_untracked().filter(|details| details.open())
                {
                    details.set_open(false);
                    if let Some(summary) = summary.get_untracked() {
                        summary.focus().ok();
                    }
                }
            }
        >
            <summary node_ref=summary>{words}</summary>
            <ul class="bare details-content small">{children()}</ul>
        </details>
    }
}
