//! How a matrix is looked at, kept in the address under `show`, `order` and `limit`.

use leptos::prelude::*;

use crate::components::choice_field::ChoiceField;
use crate::components::heatmap::{Order, Shown};
use crate::state::address::Kept;

/// The choice.
#[derive(Clone, Copy)]
pub struct ViewChoice {
    show: Kept<String>,
    order: Kept<String>,
    limit: Kept<f64>,
}

impl ViewChoice {
    /// As the address says.
    pub fn from_address() -> Self {
        Self {
            show: Kept::of("show"),
            order: Kept::of("order"),
            limit: Kept::of("limit"),
        }
    }

    /// Changes, or values after fine-tuning.
    pub fn shown(&self) -> Shown {
        match self.show.get().as_deref() {
            Some("absolute") => Shown::Absolute,
            _ => Shown::Change,
        }
    }

    /// The order of rows and columns.
    pub fn order(&self) -> Order {
        match self.order.get().as_deref() {
            Some("script") => Order::Script,
            _ => Order::Code,
        }
    }

    /// The gain of the strongest shade: the reader's, or else the largest one that is shown.
    pub fn limit(&self, largest: f64) -> Option<f64> {
        let chosen = self.limit.get().filter(|limit| *limit > 0.0);
        (self.shown() == Shown::Change).then_some(chosen.unwrap_or(largest))
    }
}

/// Selects for what is shown and in which order, and the limit of the shades.
#[component]
pub fn ViewFields(view: ViewChoice) -> impl IntoView {
    let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    view! {
        <ChoiceField
            id="show"
            label="Show"
            options=Signal::stored(
                vec![pair("change", "Δ (ZS − FT)"), pair("absolute", "after fine-tuning")],
            )
            value=Signal::derive(move || match view.shown() {
                Shown::Change => "change".to_owned(),
                Shown::Absolute => "absolute".to_owned(),
            })
            choose=Callback::new(move |value: String| {
                view.show.set(Some(value).filter(|value| value != "change"));
            })
        />
        <ChoiceField
            id="order"
            label="Order"
            options=Signal::stored(vec![pair("code", "by code"), pair("script", "by script")])
            value=Signal::derive(move || match view.order() {
                Order::Code => "code".to_owned(),
                Order::Script => "script".to_owned(),
            })
            choose=Callback::new(move |value: String| {
                view.order.set(Some(value).filter(|value| value != "code"));
            })
        />
        <label title="The same limit makes the shades of different matrices comparable">
            "Strongest shade at"
            <input
                id="limit"
                class="number"
                type="number"
                min="0"
                step="any"
                placeholder="largest"
                prop:value=move || view.limit.get().map(|limit| limit.to_string()).unwrap_or_default()
                on:change=move |event| view.limit.set_text(&event_target_value(&event))
            />
        </label>
    }
}
