//! Text that a model wrote stays out of the document until the reader asks for it.

use leptos::prelude::*;

use crate::state::veil::Veil;

/// Shows its children once the reader has opened this item (`open`) or lifted the veil everywhere.
/// Until then they are not in the document at all, so that neither a glance, a search in the page
/// nor a screen reader meets them.
#[component]
pub fn Veiled(
    /// What is hidden, in the reader's words: "the server's text".
    what: &'static str,
    /// Why.
    #[prop(default = "Models can write offensive things.")]
    why: &'static str,
    /// This item alone is shown.
    open: RwSignal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let lifted = Veil::get().lifted;
    let children = StoredValue::new(children);
    view! {
        <Show
            when=move || lifted.get() || open.get()
            fallback=move || {
                view! {
                    <div class="veil">
                        <p>{format!("Hidden: {what}. {why}")}</p>
                        <div class="buttons">
                            <button
                                type="button"
                                class="show-one"
                                aria-label=format!("Show {what}")
                                on:click=move |_| open.set(true)
                            >
                                "Show this"
                            </button>
                            <button
                                type="button"
                                class="plain show-all"
                                on:click=move |_| lifted.set(true)
                            >
                                "Always show"
                            </button>
                        </div>
                    </div>
                }
            }
        >
            {children.with_value(|children| children())}
            <Show when=move || !lifted.get()>
                <button
                    type="button"
                    class="plain small hide-one"
                    aria-label=format!("Hide {what} again")
                    on:click=move |_| open.set(false)
                >
                    "Hide again"
                </button>
            </Show>
        </Show>
    }
}

/// The choice for all pages and all visits.
#[component]
pub fn VeilSwitch() -> impl IntoView {
    let lifted = Veil::get().lifted;
    view! {
        <label class="inline-field" title="Text written by models can be offensive">
            <input
                id="show-model-text"
                type="checkbox"
                prop:checked=move || lifted.get()
                on:change=move |event| lifted.set(event_target_checked(&event))
            />
            "Show model text"
        </label>
    }
}
