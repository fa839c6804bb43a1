//! A word in a frame: a flag, a label, a state.

use leptos::prelude::*;

/// The word, with what it means for those who point at it.
#[component]
pub fn Flag(
    /// The word.
    #[prop(into)]
    word: String,
    /// What it means.
    #[prop(optional, into)]
    why: Option<String>,
) -> impl IntoView {
    view! { <span class="flag" title=why>{word}</span> }
}
