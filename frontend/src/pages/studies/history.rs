//! The studies of the server, newest first.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::study::api::StudyList;
use protocol::study::{StudyState, StudySummary};

use crate::components::flag::Flag;
use crate::remote::address::segment;

/// One row a study.
#[component]
pub fn History(list: StudyList, chosen: Memo<Option<String>>) -> impl IntoView {
    if list.studies.is_empty() {
        return view! { <p class="quiet">"There is no study yet."</p> }.into_any();
    }
    let rows = list
        .studies
        .into_iter()
        .map(|study| row(study, chosen))
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Studies">
            <table id="studies">
                <thead>
                    <tr>
                        <th scope="col">"Study"</th>
                        <th scope="col">"Model"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="number">"Pieces"</th>
                        <th scope="col">"Changed"</th>
                        <th scope="col">"Results"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(study: StudySummary, chosen: Memo<Option<String>>) -> impl IntoView {
    let name = study.name.clone();
    let current = move || (chosen.with(|chosen| chosen.as_ref() == Some(&name))).then_some("true");
    let address = segment(&study.name);
    view! {
        <tr>
            <th scope="row">
                // The router's own link would call every query of this page the current one.
                <a href=format!("/studies?study={address}") aria-current=current data-noscroll="">
                    {study.name.clone()}
                </a>
                " "
                {study.label.clone().map(|label| view! { <Flag word=label /> })}
                {study.read_only.then(|| view! { <Flag word="example" why="It came with the program" /> })}
            </th>
            <td>{study.model.clone()}</td>
            <td>{state_name(study.state)}</td>
            <td class="number">{format!("{} / {}", study.done, study.total)}</td>
            <td>{when(study.changed)}</td>
            <td>
                {(study.done > 0)
                    .then(|| {
                        view! { <A href=format!("/matrices?study={address}")>"Matrices"</A> }
                    })}
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
