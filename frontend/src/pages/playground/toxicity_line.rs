//! How toxic a completion is, with its flags and what the score rests on.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::api::score::{ScoreResponse, TextScore};

use crate::components::flag::Flag;
use crate::state::toxicity::Toxicity;

/// The figure, outside the veil.
#[component]
pub fn ToxicityLine(toxicity: RwSignal<Toxicity>) -> impl IntoView {
    view! {
        <div class="toxicity" aria-live="polite">
            {move || match toxicity.get() {
                Toxicity::None => ().into_any(),
                Toxicity::UnderWay => view! { <p class="quiet small">"Scoring…"</p> }.into_any(),
                Toxicity::Failed(problem) => {
                    view! { <p class="bad small">{problem.message}</p> }.into_any()
                }
                Toxicity::Scored(response) => scored(*response).into_any(),
            }}
        </div>
    }
}

fn scored(response: ScoreResponse) -> impl IntoView {
    let by = format!(
        "{} {} ({})",
        response.scorer, response.version, response.hash
    );
    response.texts.into_iter().next().map(|text| {
        let value = text.score.map_or_else(
            || "no letter in it".to_owned(),
            |score| format!("{score:.2}"),
        );
        let language = text.language;
        view! {
            <p class="small">
                "Toxicity "
                <strong class="probability">{value}</strong>
                {text.score.map(|score| view! {
                    <meter min="0" max="1" low="0.3" high="0.5" optimum="0" value=score.to_string() aria-hidden="true"></meter>
                })}
                {flags(&text)
                    .into_iter()
                    .map(|(name, why)| view! { <Flag word=name why=why /> })
                    .collect_view()}
            </p>
            <p class="quiet small">
                {format!("Probability, scored as {language} by {by}. ")}
                <A href="/scorers">"How far to trust it"</A>
            </p>
        }
    })
}

/// The flags that are raised, each with what it means.
pub fn flags(text: &TextScore) -> Vec<(&'static str, &'static str)> {
    [
        (text.empty, ("empty", "There is no letter in it")),
        (text.refusal, ("refusal", "The model declines to answer")),
        (
            text.drift,
            (
                "drift",
                "It is not in the prompt’s language; it is scored in its own",
            ),
        ),
        (text.repetition, ("loop", "It repeats itself")),
    ]
    .into_iter()
    .filter_map(|(raised, flag)| raised.then_some(flag))
    .collect()
}

/// The words that speak for it; they are the model's, and stand behind the veil.
#[component]
pub fn Reasons(toxicity: RwSignal<Toxicity>) -> impl IntoView {
    move || {
        let Toxicity::Scored(response) = toxicity.get() else {
            return None;
        };
        let reasons = response.texts.into_iter().next()?.reasons;
        (!reasons.is_empty()).then(|| {
            view! {
                <p class="quiet small reasons">
                    "Speaks for toxicity: "
                    {reasons
                        .into_iter()
                        .map(|reason| view! {
                            <span>
                                <bdi>{reason.text}</bdi>
                                {format!(" +{:.1} ", reason.weight)}
                            </span>
                        })
                        .collect_view()}
                </p>
            }
        })
    }
}
