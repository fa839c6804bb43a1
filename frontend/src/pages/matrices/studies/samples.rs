//! The texts behind a cell, a row or a column, side by side, veiled.

use leptos::prelude::*;
use protocol::study::api::{MatrixResponse, SamplePage};
use protocol::study::{Sample, SampleText, StudyMetric};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::choice::{Choice, Sort};
use super::matrix_grid::state;
use crate::components::answered::answered;
use crate::components::choice_field::ChoiceField;
use crate::components::flag::Flag;
use crate::components::heatmap::Place;
use crate::components::pager::Pager;
use crate::components::veiled::Veiled;
use crate::state::document::Document;

/// Samples of a page.
const PAGE: usize = 20;

/// The samples behind what is chosen.
#[component]
pub fn Samples(choice: Choice, response: MatrixResponse, place: Place) -> impl IntoView {
    let title = title(&place);
    let scorer = {
        let response = response.clone();
        Memo::new(move |_| choice.sample_scorer(&response).unwrap_or_default())
    };
    let head = view! {
        <div class="buttons">
            <h2 id="samples-title">{title}</h2>
            <button
                type="button"
                class="plain push-end"
                id="close-samples"
                on:click=move |_| close(choice)
            >
                "Close"
            </button>
        </div>
    };
    if response.matrix.metric == StudyMetric::HeldOutPerplexity {
        return view! {
            <section id="samples" class="section" aria-labelledby="samples-title">
                {head}
                <p>
                    "This perplexity is measured on the neutral test sentences themselves: there are no completions behind it."
                </p>
            </section>
        }
        .into_any();
    }
    let document = {
        let (response, place) = (response.clone(), place.clone());
        Document::<SamplePage>::at(move || Some(choice.samples(&response, &place, PAGE)))
    };
    let page = Signal::derive(move || {
        document.answer.with(|answer| {
            let page = answer.as_ref()?.as_ref().ok()?;
            Some((page.samples.len(), page.total))
        })
    });
    let open = RwSignal::new(false);
    let orders = Sort::ALL
        .into_iter()
        .map(|(sort, words)| (sort.name().to_owned(), words.to_owned()))
        .collect::<Vec<_>>();
    view! {
        <section id="samples" class="section" aria-labelledby="samples-title">
            {head}
            <div class="fields">
                <ChoiceField
                    id="sort"
                    label="Order"
                    options=Signal::stored(orders)
                    value=Signal::derive(move || choice.sort.get().unwrap_or_default().to_string())
                    choose=Callback::new(move |value: String| {
                        choice.from.set(None);
                        choice.sort.set_text(&value);
                    })
                />
                <Pager from=choice.from size=PAGE page />
            </div>
            <Veiled what="prompts and completions" open>
                {answered(document, move |page| table(page, &scorer.get()))}
            </Veiled>
        </section>
    }
    .into_any()
}

/// Closes the samples and gives the focus back to what they were opened from.
fn close(choice: Choice) {
    let opened_from = document()
        .query_selector(".choosable td[aria-current=true], .choosable th[aria-current=true] button")
        .ok()
        .flatten()
        .and_then(|found| found.dyn_into::<HtmlElement>().ok());
    choice.choose(None);
    if let Some(place) = opened_from {
        place.focus().ok();
    }
}

fn title(place: &Place) -> String {
    let row = place
        .row
        .as_deref()
        .and_then(|row| row.parse().ok())
        .map_or_else(|| "All rows".to_owned(), state);
    match &place.column {
        Some(column) => format!("{row}, tested in {column}"),
        None => format!("{row}, all tested languages"),
    }
}

fn table(page: SamplePage, scorer: &str) -> impl IntoView + use<> {
    let rows = page
        .samples
        .into_iter()
        .map(|sample| row(sample, scorer))
        .collect_view();
    view! {
        {page
            .selection
            .then(|| {
                view! {
                    <p class="quiet small">
                        "This study has only a selection of its texts, and prompts only where they may be passed on."
                    </p>
                }
            })}
        <div class="table-frame" tabindex="0" role="region" aria-label="Samples">
            <table class="samples">
                <thead>
                    <tr>
                        <th scope="col">"Prompt"</th>
                        <th scope="col">"Before"</th>
                        <th scope="col">"After"</th>
                        <th scope="col" class="number">{format!("Less toxic by ({scorer})")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(sample: Sample, scorer: &str) -> impl IntoView + use<> {
    let change = sample.change(scorer).map_or_else(
        || "–".to_owned(),
        |change| format!("{:+.2}", change).replace('-', "−"),
    );
    let language = sample.language.code();
    let prompt = match sample.prompt.is_empty() {
        true => view! { <span class="quiet">"not passed on"</span> }.into_any(),
        false => view! { <bdi lang=language>{sample.prompt}</bdi> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="sentence" dir="auto">
                {prompt}
                <span class="quiet small id">
                    {format!("{}, {}, seed {}", sample.prompt_id, sample.strategy, sample.seed)}
                </span>
            </th>
            {text(sample.before, language)}
            {text(sample.after, language)}
            <td class="number">{change}</td>
        </tr>
    }
}

fn text(text: SampleText, language: &'static str) -> impl IntoView {
    let scores: Vec<String> = text
        .scores
        .iter()
        .map(|(scorer, score)| format!("{scorer} {score:.2}"))
        .chain(
            text.perplexity
                .map(|perplexity| format!("perplexity {perplexity:.1}")),
        )
        .collect();
    let drift = text.drift.then(|| format!("in {}", text.language));
    let flags = [
        (text.empty, "empty"),
        (text.refusal, "refusal"),
        (text.repetition, "loop"),
    ];
    view! {
        <td>
            // The text is the model's: only ever as text.
            <p class="sentence" dir="auto" lang=(!text.drift).then_some(language)>
                {text.text}
            </p>
            <p class="small quiet buttons">
                {scores.join(", ")} {drift.map(|word| view! { <Flag word why="Drift: not in the prompt’s language" /> })}
                {flags
                    .into_iter()
                    .filter(|(raised, _)| *raised)
                    .map(|(_, word)| view! { <Flag word /> })
                    .collect_view()}
            </p>
        </td>
    }
}
