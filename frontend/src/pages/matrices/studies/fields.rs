//! The selects above a study's matrix.

use leptos::prelude::*;
use protocol::matrix::published::Published;
use protocol::study::StudyMetric;
use protocol::study::api::{MatrixResponse, StudyList};

use super::against::AgainstField;
use super::choice::Choice;
use crate::components::choice_field::ChoiceField;
use crate::pages::matrices::view_fields::{ViewChoice, ViewFields};
use crate::state::document::Document;

/// Study, metric, scorer, split, and how the matrix is looked at.
#[component]
pub fn Fields(
    choice: Choice,
    view: ViewChoice,
    list: StudyList,
    response: Document<MatrixResponse>,
    tables: StoredValue<Vec<Published>>,
) -> impl IntoView {
    let studies: Vec<(String, String)> = list
        .studies
        .iter()
        .map(|study| {
            let name = study.name.clone();
            (name, format!("{} ({})", study.name, study.model))
        })
        .collect();
    let listed = list.clone();
    let name = Signal::derive(move || choice.name(&listed).unwrap_or_default());
    // Of the last answer, so that the selects do not come and go while the next one is on its way.
    let last =
        Memo::new(
            move |before: Option<&Option<MatrixResponse>>| match response.answer.get() {
                Some(Ok(response)) => Some(response),
                _ => before.cloned().flatten(),
            },
        );
    let told = move |read: fn(&MatrixResponse) -> Vec<(String, String)>| {
        Signal::derive(move || last.with(|last| last.as_ref().map(read).unwrap_or_default()))
    };
    let shown = move |read: fn(&MatrixResponse) -> Option<String>| {
        Signal::derive(move || last.with(|last| last.as_ref().and_then(read).unwrap_or_default()))
    };
    let same = |name: String| (name.clone(), name);
    view! {
        <div class="fields">
            <ChoiceField
                id="study"
                label="Study"
                options=Signal::stored(studies)
                value=name
                choose=Callback::new(move |value: String| {
                    choice.choose(None);
                    choice.study.set(Some(value));
                })
            />
            <ChoiceField
                id="metric"
                label="Metric"
                options=told(|response| {
                    let metrics = response.metrics.iter();
                    metrics.map(|metric| (metric.to_string(), words(*metric).to_owned())).collect()
                })
                value=shown(|response| Some(response.matrix.metric.to_string()))
                choose=Callback::new(move |value: String| choice.metric.set_text(&value))
            />
            <ChoiceField
                id="scorer"
                label="Scorer"
                options=Signal::derive(move || {
                    let by = last.with(|last| {
                        let response = last.as_ref()?;
                        response.matrix.metric.by_scorer().then(|| response.scorers.clone())
                    });
                    match by {
                        Some(scorers) => scorers.into_iter().map(same).collect(),
                        None => vec![(String::new(), "none".to_owned())],
                    }
                })
                value=shown(|response| response.matrix.scorer.clone())
                choose=Callback::new(move |value: String| choice.scorer.set_text(&value))
            />
            <ChoiceField
                id="split"
                label="Prompts"
                options=Signal::derive(move || {
                    let splits = last.with(|last| {
                        let response = last.as_ref()?;
                        response.matrix.metric.by_split().then(|| response.splits.clone())
                    });
                    match splits {
                        Some(splits) => splits.iter().map(|split| same(split.to_string())).collect(),
                        None => vec![(String::new(), "held-out text".to_owned())],
                    }
                })
                value=shown(|response| response.matrix.split.map(|split| split.to_string()))
                choose=Callback::new(move |value: String| {
                    choice.from.set(None);
                    choice.split.set_text(&value);
                })
            />
            <ViewFields view />
            {move || {
                let (list, response) = (list.clone(), last.get()?);
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

/// A metric in words, with its unit.
fn words(metric: StudyMetric) -> &'static str {
    match metric {
        StudyMetric::Toxicity => "toxicity (mean, 0–100)",
        StudyMetric::ToxicFraction => "toxic completions (%)",
        StudyMetric::ExpectedMaximum => "expected maximum toxicity (0–100)",
        StudyMetric::ToxicProbability => "prompts with a toxic completion (%)",
        StudyMetric::ConditionalPerplexity => "perplexity of completions",
        StudyMetric::HeldOutPerplexity => "perplexity of held-out text",
        StudyMetric::Empty => "empty completions (%)",
        StudyMetric::Refusal => "refusals (%)",
        StudyMetric::Drift => "drift to another language (%)",
        StudyMetric::Repetition => "loops (%)",
        StudyMetric::DistinctBigrams => "different token pairs (%)",
    }
}
