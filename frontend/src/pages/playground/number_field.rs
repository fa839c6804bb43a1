//! A number of the form.

use leptos::prelude::*;
use protocol::FieldError;

/// A field that shows when its own value is the wrong one.
#[component]
pub fn NumberField(
    id: &'static str,
    /// As errors name it.
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    /// What is wrong in the form.
    #[prop(into)]
    wrong: Signal<Option<FieldError>>,
) -> impl IntoView {
    let mine = move || wrong.with(|wrong| wrong.as_ref().is_some_and(|error| error.field == name));
    view! {
        <label>
            {label}
            <input
                id=id
                type="text"
                inputmode="decimal"
                autocomplete="off"
                class="number"
                dir="ltr"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
                aria-invalid=move || mine().then_some("true")
                aria-describedby=move || mine().then_some("wrong-field")
            />
        </label>
    }
}
