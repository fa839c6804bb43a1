//! How fast a run is and what it takes.

use leptos::prelude::*;

use crate::components::figures;
use crate::state::run::Run;

/// A dash where nothing is known yet.
const UNKNOWN: &str = "–";

#[component]
pub fn Measures(run: RwSignal<Run>, memory: Signal<Option<u64>>) -> impl IntoView {
    let speed = Memo::new(move |_| run.with(Run::tokens_per_second));
    let first = Memo::new(move |_| run.with(Run::milliseconds_to_first));
    let tokens = Memo::new(move |_| run.with(|run| run.tokens.len()));
    view! {
        <dl class="measures">
            <Measure
                name="tokens/s"
                what="After the first token, as they arrive in the page"
                value=move || speed.get().map(|speed| format!("{speed:.1}"))
            />
            <Measure
                name="first token"
                what="From the request to the first token; loading a model in the browser is not counted"
                value=move || first.get().map(figures::milliseconds)
            />
            <Measure
                name="tokens"
                what="Chosen so far, an end token not counted"
                value=move || Some(tokens.get()).filter(|tokens| *tokens > 0).map(|tokens| tokens.to_string())
            />
            <Measure
                name="memory"
                what="Of the whole program that runs the model"
                value=move || memory.get().map(figures::bytes)
            />
        </dl>
    }
}

#[component]
fn Measure(
    name: &'static str,
    what: &'static str,
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <div title=what data-measure=name>
            <dt>{name}</dt>
            <dd>{move || value().unwrap_or_else(|| UNKNOWN.to_owned())}</dd>
        </div>
    }
}
