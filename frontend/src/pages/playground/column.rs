//! One side of the comparison: the state of its run, the text, and the figures.

use leptos::prelude::*;
use protocol::generation::FinishReason;
use protocol::local::WayOut;

use super::measures::Measures;
use super::token_text::TokenText;
use super::toxicity_line::{Reasons, ToxicityLine};
use crate::components::copy_button::CopyButton;
use crate::components::problem_note::ProblemNote;
use crate::components::veiled::Veiled;
use crate::state::run::{Phase, Run};
use crate::state::toxicity::Toxicity;

/// What a column is called.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Of the element, and of those in it.
    pub id: &'static str,
    /// Over the column.
    pub title: &'static str,
    /// What the veil hides.
    pub hidden: &'static str,
    /// Of the button that copies the text.
    pub copy: &'static str,
}

/// A run and everything known of it.
#[component]
pub fn RunColumn(
    label: Label,
    run: RwSignal<Run>,
    /// Of its completion.
    toxicity: RwSignal<Toxicity>,
    /// BCP-47 code of the prompt, or nothing.
    language: RwSignal<String>,
    /// What is done before the first token, where that is known.
    #[prop(into)]
    preparing: Signal<Option<String>>,
    /// Bytes that running takes, where they are known.
    #[prop(into)]
    memory: Signal<Option<u64>>,
    take: Callback<WayOut>,
    /// What this side alone shows before its text.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let number = Memo::new(move |_| run.with(|run| run.number));
    // What the reader asked to see was the text before.
    Effect::new(move |_| {
        number.get();
        open.set(false);
    });
    let begun = Memo::new(move |_| run.with(|run| run.phase != Phase::Idle));
    let problem = Memo::new(move |_| {
        run.with(|run| match &run.phase {
            Phase::Failed(problem) => Some(problem.clone()),
            _ => None,
        })
    });
    let written = Memo::new(move |_| run.with(|run| !run.tokens.is_empty()));
    let device = Memo::new(move |_| {
        run.with(|run| {
            run.provenance
                .as_ref()
                .map(|provenance| provenance.device.clone())
        })
    });
    let state = Memo::new(move |_| run.with(|run| state(run, preparing.get())));
    let title = StoredValue::new(format!("{}-title", label.id));
    view! {
        <article id=label.id class="section column" aria-labelledby=title.get_value()>
            <header class="column-head">
                <h2 id=title.get_value()>{label.title}</h2>
                <p class="state" role="status" data-state=move || state.get().0>
                    {move || state.get().1}
                </p>
            </header>
            <p class="quiet small device">
                {move || device.get().unwrap_or_else(|| "\u{a0}".to_owned())}
            </p>
            {move || problem.get().map(|problem| view! { <ProblemNote problem take /> })}
            {children.map(|children| children())}
            <Show
                when=move || written.get()
                fallback=move || {
                    view! {
                        <div class="empty quiet">
                            {move || if begun.get() { "No token yet." } else { "Nothing was run yet." }}
                        </div>
                    }
                }
            >
                <Veiled what=label.hidden open>
                    <TokenText run language label=label.title />
                    <Reasons toxicity />
                </Veiled>
            </Show>
            <ToxicityLine toxicity />
            <Measures run memory />
            <Show when=move || written.get()>
                <div class="column-foot">
                    <p class="quiet small provenance">
                        {move || run.with(|run| run.provenance.as_ref().map(|provenance| {
                            let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
                            let adapter = provenance.adapter.as_ref().map(|adapter| {
                                format!(
                                    ", adapter {} at strength {}, SHA-256 {}",
                                    adapter.name,
                                    adapter.strength,
                                    short(&adapter.sha256),
                                )
                            });
                            format!(
                                "{}, {}, SHA-256 {}, version {}{}",
                                provenance.model,
                                provenance.weights,
                                short(&provenance.sha256),
                                provenance.version,
                                adapter.unwrap_or_default(),
                            )
                        }))}
                    </p>
                    <CopyButton
                        id=label.copy
                        label="Copy text"
                        text=Callback::new(move |()| {
                            run.with_untracked(|run| format!("{}{}", run.prompt, run.completion()))
                        })
                    />
                </div>
            </Show>
        </article>
    }
}

/// A word for style sheets and tests, and one for the reader.
fn state(run: &Run, preparing: Option<String>) -> (&'static str, String) {
    match &run.phase {
        Phase::Idle => ("idle", String::new()),
        Phase::Waiting => (
            "waiting",
            preparing.unwrap_or_else(|| "Waiting…".to_owned()),
        ),
        Phase::Writing => ("writing", "Writing…".to_owned()),
        Phase::Ended(FinishReason::Stop) => ("ended", "The model ended".to_owned()),
        Phase::Ended(FinishReason::Length) => ("ended", "Length reached".to_owned()),
        Phase::Ended(FinishReason::Cancelled) => ("stopped", "Stopped".to_owned()),
        Phase::Failed(_) => ("failed", "Failed".to_owned()),
    }
}
