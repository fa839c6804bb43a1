//! The selects above a study's matrix.

use leptos::prelude::*;
use protocol::matrix::published::Published;
use protocol::study::api::{MatrixResponse, StudyList};

use super::against::AgainstField;
use super::choice::Choice;
use super::offered::offered;
use crate::components::choice_field::ChoiceField;
use crate::pages::matrices::view_fields::{ViewChoice, ViewFields};
use crate::state::document::Document;
use crate::state::server_facts::Answer;

/// Study, metric, scorer, split, and how the matrix is looked at.
#[component]
pub fn Fields(
    choice: Choice,
    view: ViewChoice,
    list: StudyList,
    response: Document<MatrixResponse>,
    tables: StoredValue<Vec<Published>>,
) -> impl IntoView {
    let list = StoredValue::new(list);
    let name = Memo::new(move |_| {
        list.with_value(|list| choice.name(list))
            .unwrap_or_default()
    });
    let refused = Memo::new(move |_| {
        response
            .answer
            .with(|answer| matches!(answer, Some(Err(_))))
    });
    // A matrix that the study has, for where it has not the one that is asked for.
    let usual = Document::<MatrixResponse>::at(move || {
        let name = name.get();
        let known = list.with_value(|list| list.studies.iter().any(|study| study.name == name));
        (refused.get() && known).then(|| Choice::usual_matrix(&name))
    });
    // Of the last answer, so that the selects do not come and go while the next one is on its way.
    let last = Memo::new(move |before: Option<&Option<MatrixResponse>>| {
        let of_study = |answer: &Answer<MatrixResponse>| {
            let response = answer.as_ref()?.as_ref().ok()?;
            name.with(|name| response.study.name == *name)
                .then(|| response.clone())
        };
        let found = response.answer.with(of_study);
        found
            .or_else(|| usual.answer.with(of_study))
            .or_else(|| before.cloned().flatten())
    });
    let selects = Memo::new(move |_| {
        last.with(|last| {
            last.as_ref()
                .map(|last| offered(last, choice, refused.get()))
                .unwrap_or_default()
        })
    });
    let options =
        move |at: usize| Signal::derive(move || selects.with(|all| all[at].options.clone()));
    let value = move |at: usize| Signal::derive(move || selects.with(|all| all[at].value.clone()));
    view! {
        <div class="fields">
            <ChoiceField
                id="study"
                label="Study"
                options=Signal::derive(move || {
                    list.with_value(|list| studies(list, &name.get()))
                })
                value=name
                choose=Callback::new(move |value: String| {
                    choice.study.step(Some(value));
                    choice.choose(None);
                })
            />
            <Show when=move || last.with(Option::is_some)>
                <ChoiceField
                    id="metric"
                    label="Metric"
                    options=options(0)
                    value=value(0)
                    choose=Callback::new(move |value: String| choice.metric.step(value.parse().ok()))
                />
                <ChoiceField
                    id="scorer"
                    label="Scorer"
                    options=options(1)
                    value=value(1)
                    choose=Callback::new(move |value: String| choice.scorer.set_text(&value))
                />
                <ChoiceField
                    id="split"
                    label="Prompts"
                    options=options(2)
                    value=value(2)
                    choose=Callback::new(move |value: String| {
                        choice.from.set(None);
                        choice.split.set_text(&value);
                    })
                />
            </Show>
            <ViewFields view />
            {move || {
                let (list, response) = (list.get_value(), last.get()?);
                Some(view! { <AgainstField choice list response tables /> })
            }}
            <label class="inline-field mask">
                <input
                    id="mask"
                    type="checkbox"
                    prop:checked=move || choice.mask.get() == Some(true)
                    on:change=move |event| {
                        choice.mask.set(event_target_checked(&event).then_some(true));
                    }
                />
                "Mask what may be chance"
            </label>
        </div>
    }
}

/// All studies, and the one that the address names if it is none of them.
fn studies(list: &StudyList, chosen: &str) -> Vec<(String, String)> {
    let known = list.studies.iter().map(|study| {
        let words = format!("{} ({})", study.name, study.model);
        (study.name.clone(), words)
    });
    let unknown = list
        .studies
        .iter()
        .all(|study| study.name != chosen)
        .then(|| (chosen.to_owned(), format!("{chosen} (not here)")));
    known.chain(unknown).collect()
}
