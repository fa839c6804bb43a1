//! `/matrices`: the matrices of the server's studies, and the texts behind their cells.

mod against;
mod choice;
mod exports;
mod fields;
mod held;
mod matrix_grid;
mod offered;
mod samples;

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::matrix::published::{self, Published};
use protocol::study::api::{MatrixResponse, StudyList};

use super::Opening;
use super::view_fields::ViewChoice;
use crate::components::answered::answered;
use crate::components::flag::Flag;
use crate::components::heatmap::{Choosing, Heatmap};
use crate::state::document::Document;
use against::{Other, drop_unfit, other};
use choice::Choice;
use exports::Exports;
use fields::Fields;
use held::held_against;
use matrix_grid::grid;
use samples::Samples;

/// The page.
#[component]
pub fn StudyMatrices() -> impl IntoView {
    let choice = Choice::from_address();
    let view = ViewChoice::from_address();
    let list = Document::<StudyList>::at(|| Some("/api/studies".to_owned()));
    let listed = move || list.answer.get().and_then(Result::ok);
    let response = Document::<MatrixResponse>::at(move || {
        let name = choice.name(&listed()?)?;
        Some(choice.matrix_of(&name))
    });
    let found = move || response.answer.get().and_then(Result::ok);
    let second = Document::<MatrixResponse>::at(move || match other(choice)? {
        Other::Study(name) => Some(Choice::same_matrix(&name, &found()?.matrix)),
        Other::Published(_) => None,
    });
    // The embedded tables are whole: a test reads them.
    let tables = StoredValue::new(published::tables().unwrap_or_default());
    Effect::new(move |_| {
        if let Some(response) = found() {
            drop_unfit(choice, &response, tables);
        }
    });
    view! {
        <Opening>
            {answered(
                list,
                move |list| match list.studies.is_empty() {
                    true => {
                        view! {
                            <p>
                                "There is no study yet. " <A href="/studies">"Start one"</A>
                                ", or look at the " <A href="/matrices/published">"published tables"</A>
                                "."
                            </p>
                        }
                            .into_any()
                    }
                    false => view! { <Fields choice view list response tables /> }.into_any(),
                },
            )}
        </Opening>
        <Show when=move || listed().is_some_and(|list| !list.studies.is_empty())>
            {answered(
                response,
                move |response| view! { <Matrix choice view response second tables /> },
            )}
        </Show>
        {move || {
            let (response, place) = (found()?, choice.place()?);
            Some(view! { <Samples choice response place /> })
        }}
    }
}

/// A study's matrix, and what it is held against.
#[component]
fn Matrix(
    choice: Choice,
    view: ViewChoice,
    response: MatrixResponse,
    second: Document<MatrixResponse>,
    tables: StoredValue<Vec<Published>>,
) -> impl IntoView {
    let choosing = Choosing {
        chosen: Signal::derive(move || choice.place()),
        choose: Callback::new(move |place| choice.choose(Some(place))),
    };
    let matrix = response.matrix.clone();
    let study = response.study.clone();
    let whole = response.clone();
    let partly = (study.done < study.total).then(|| {
        format!(
            "{} of {} pieces are done; cells that are not are hatched.",
            study.done, study.total
        )
    });
    view! {
        {move || {
            let shown = view.shown();
            let masked = choice.mask.get() == Some(true);
            let first = grid(&matrix, shown).ordered(view.order());
            let other = other(choice).map(|found| held_against(&found, second, tables, &matrix, shown));
            let largest = match &other {
                Some(Ok(other)) => other.grid.largest_gain().max(first.largest_gain()),
                _ => first.largest_gain(),
            };
            let limit = view.limit(largest);
            let order = view.order();
            view! {
                <section class="section" aria-labelledby="table-title">
                    <div class="buttons">
                        <h2 id="table-title">{study.title.clone()}</h2>
                        {study.label.clone().map(|label| view! { <Flag word=label /> })}
                        <span class="push-end">
                            <Exports response=whole.clone() shown />
                        </span>
                    </div>
                    <p class="quiet small">
                        {format!("Study {}, model {}. ", study.name, study.model)} {partly.clone()}
                        " Choose a cell, a row or a column for the texts behind it."
                    </p>
                    <Heatmap grid=first limit masked choosing />
                </section>
                {other
                    .map(|other| match other {
                        Err(why) => {
                            view! {
                                <section class="section">
                                    <p class="quiet" role="status">
                                        {why}
                                    </p>
                                </section>
                            }
                                .into_any()
                        }
                        Ok(other) => {
                            view! {
                                <section class="section" aria-labelledby="against-title">
                                    <h2 id="against-title">{other.title}</h2>
                                    <Heatmap grid=other.grid.ordered(order) limit masked />
                                </section>
                                {other
                                    .difference
                                    .map(|difference| {
                                        view! {
                                            <section class="section" aria-labelledby="difference-title">
                                                <h2 id="difference-title">"The first less the second"</h2>
                                                <Heatmap grid=difference.ordered(order) limit />
                                            </section>
                                        }
                                    })}
                            }
                                .into_any()
                        }
                    })}
            }
        }}
    }
}
