//! A labelled list of choices.

use leptos::prelude::*;

/// A select: values with their words, the chosen value, and what to do with another one.
#[component]
pub fn ChoiceField(
    id: &'static str,
    label: &'static str,
    /// Values and their words, in the order in which they are offered.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// The value that is chosen.
    #[prop(into)]
    value: Signal<String>,
    choose: Callback<String>,
) -> impl IntoView {
    view! {
        <label>
            {label}
            <select id=id on:change=move |event| choose.run(event_target_value(&event))>
                {move || {
                    options
                        .get()
                        .into_iter()
                        .map(|(option, words)| {
                            let same = option.clone();
                            view! {
                                <option value=option selected=move || value.with(|value| *value == same)>
                                    {words}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </select>
        </label>
    }
}
