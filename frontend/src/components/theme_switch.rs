//! Chooses light, dark, or as the system says.

use leptos::prelude::*;

use crate::state::theme::{Theme, theme};

/// A list of the three themes.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = theme();
    view! {
        <label class="inline-field">
            <span class="unseen">"Colours"</span>
            <select
                id="theme"
                title="Colours of the page"
                on:change=move |event| {
                    if let Ok(chosen) = event_target_value(&event).parse() {
                        theme.set(chosen);
                    }
                }
            >
                {Theme::ALL
                    .map(|offered| {
                        let name = match offered {
                            Theme::System => "System colours",
                            Theme::Light => "Light",
                            Theme::Dark => "Dark",
                        };
                        view! {
                            <option
                                value=offered.to_string()
                                selected=move || theme.get() == offered
                            >
                                {name}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}
