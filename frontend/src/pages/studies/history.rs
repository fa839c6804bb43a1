//! The studies of the server, newest first.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::study::{StudyState, StudySummary};

use crate::components::flag::Flag;
use crate::remote::address::segment;

/// One row a study. A row stays in its place in the document while its figures change.
#[component]
pub fn History(studies: Signal<Vec<StudySummary>>, chosen: Memo<Option<String>>) -> impl IntoView {
    view! {
        <Show
            when=move || studies.with(|studies| !studies.is_empty())
            fallback=|| view! { <p class="quiet">"There is no study yet."</p> }
        >
            <div class="table-frame" tabindex="0" role="region" aria-label="Studies">
                <table id="studies">
                    <thead>
                        <tr>
                            <th scope="col">"Study"</th>
                            <th scope="col">"Model"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="number">
                                "Pieces"
                            </th>
                            <th scope="col">"Changed"</th>
                            <th scope="col">"Results"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || studies.get() key=|study| study.name.clone() let:study>
                            <Row study studies chosen />
                        </For>
                    </tbody>
                </table>
            </div>
        </Show>
    }
}

#[component]
fn Row(
    /// As it was when the row was made.
    study: StudySummary,
    studies: Signal<Vec<StudySummary>>,
    chosen: Memo<Option<String>>,
) -> impl IntoView {
    let address = segment(&study.name);
    let name = StoredValue::new(study.name.clone());
    let current = move || {
        name.with_value(|name| chosen.with(|chosen| chosen.as_ref() == Some(name)))
            .then_some("true")
    };
    let now = Memo::new(move |before: Option<&StudySummary>| {
        let found = studies.with(|studies| {
            let mut studies = studies.iter();
            name.with_value(|name| studies.find(|study| study.name == *name).cloned())
        });
        found
            .or_else(|| before.cloned())
            .unwrap_or_else(|| study.clone())
    });
    let first = now.get_untracked();
    let matrices = format!("/matrices?study={address}");
    view! {
        <tr>
            <th scope="row">
                // The router's own link would call every query of this page the current one.
                <a href=format!("/studies?study={address}") aria-current=current data-noscroll="">
                    {first.name}
                </a>
                " "
                {first.label.map(|label| view! { <Flag word=label /> })}
                {first.read_only.then(|| view! { <Flag word="example" why="It came with the program" /> })}
            </th>
            <td>{first.model}</td>
            <td>{move || now.with(|study| state_name(study.state))}</td>
            <td class="number">
                {move || now.with(|study| format!("{} / {}", study.done, study.total))}
            </td>
            <td>{move || now.with(|study| when(study.changed))}</td>
            <td>
                <Show when=move || now.with(|study| study.done > 0)>
                    <A href=matrices.clone()>"Matrices"</A>
                </Show>
            </td>
        </tr>
    }
}

/// A state in a word.
pub fn state_name(state: StudyState) -> &'static str {
    match state {
        StudyState::New => "new",
        StudyState::Running => "running",
        StudyState::Paused => "paused",
        StudyState::Interrupted => "interrupted",
        StudyState::Finished => "finished",
        StudyState::Failed => "failed",
    }
}

/// A time as the reader's own clock has it.
fn when(seconds: u64) -> String {
    if seconds == 0 {
        return "–".to_owned();
    }
    let date = js_sys::Date::new(&(seconds as f64 * 1000.0).into());
    date.to_locale_string("en-GB", &wasm_bindgen::JsValue::UNDEFINED)
        .into()
}
