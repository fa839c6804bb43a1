//! Names with their values.

use leptos::prelude::*;

/// One line for each name and value.
#[component]
pub fn Facts(id: &'static str, rows: Vec<(&'static str, String)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dl id=id class="small facts">
            {rows}
        </dl>
    }
}
