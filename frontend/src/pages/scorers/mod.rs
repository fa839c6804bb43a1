//! `/scorers`: how far each toxicity scorer can be trusted, as it was measured on text that it never
//! saw.

mod completions;
mod examples;
mod languages;
mod limits;
mod reliability;
mod sources;

use leptos::prelude::*;
use protocol::evaluation::{Evaluation, Interval, ScorerSummary};

use crate::components::answered::answered;
use crate::components::choice_field::ChoiceField;
use crate::remote::address::segment;
use crate::state::address::Kept;
use crate::state::document::Document;
use completions::Completions;
use languages::Languages;
use limits::Limits;
use reliability::ReliabilityPlots;
use sources::Sources;

#[component]
pub fn Scorers() -> impl IntoView {
    let list = Document::<Vec<ScorerSummary>>::at(|| Some("/api/scorers".to_owned()));
    let chosen = Kept::<String>::of("scorer");
    let name = Memo::new(move |_| {
        chosen.get().or_else(|| {
            let scorers = list.answer.get()?.ok()?;
            let evaluated = scorers.iter().find(|scorer| scorer.evaluated);
            Some(evaluated.or(scorers.first())?.name.clone())
        })
    });
    // Of the chosen scorer; the inner one is absent where there is none of that name.
    let evaluated = Memo::new(move |_| {
        let name = name.get()?;
        list.answer.with(|list| {
            let scorers = list.as_ref()?.as_ref().ok()?;
            let scorer = scorers.iter().find(|scorer| scorer.name == name);
            Some(scorer.map(|scorer| scorer.evaluated))
        })
    });
    let evaluation = Document::<Evaluation>::at(move || {
        let name = name.get()?;
        (evaluated.get() == Some(Some(true)))
            .then(|| format!("/api/scorers/{}/evaluation", segment(&name)))
    });
    view! {
        <section class="section" aria-labelledby="scorers-title">
            <h1 id="scorers-title">"How far to trust this scorer"</h1>
            <p class="quiet">
                "Every number about toxicity here rests on a program that reads text and guesses. Below is how often it guesses right, per language, on sentences that it was not trained on, as it was measured when this program was made."
            </p>
            {answered(list, move |list| choice(list, name, chosen))}
        </section>
        {move || match evaluated.get() {
            None => ().into_any(),
            Some(Some(true)) => {
                answered(evaluation, |evaluation| view! { <Measured evaluation /> }).into_any()
            }
            Some(Some(false)) => {
                let name = name.get().unwrap_or_default();
                view! { <NotMeasured name /> }.into_any()
            }
            Some(None) => {
                view! {
                    <section class="section">
                        <p class="bad" role="alert">
                            "There is no scorer of that name."
                        </p>
                    </section>
                }
                    .into_any()
            }
        }}
    }
}

fn choice(
    list: Vec<ScorerSummary>,
    name: Memo<Option<String>>,
    chosen: Kept<String>,
) -> impl IntoView {
    let options: Vec<(String, String)> = list
        .iter()
        .map(|scorer| {
            let words = match scorer.evaluated {
                true => scorer.name.clone(),
                false => format!("{} (not measured)", scorer.name),
            };
            (scorer.name.clone(), words)
        })
        .collect();
    let about = move || {
        let name = name.get()?;
        let scorer = list.iter().find(|scorer| scorer.name == name)?;
        let identity = scorer
            .identity
            .as_ref()
            .map_or_else(String::new, |identity| {
                format!(" Version {} ({}).", identity.version, identity.hash)
            });
        Some(format!("{}.{identity}", scorer.about))
    };
    view! {
        <div class="fields">
            <ChoiceField
                id="scorer"
                label="Scorer"
                options=Signal::stored(options)
                value=Signal::derive(move || name.get().unwrap_or_default())
                choose=Callback::new(move |name: String| chosen.set(Some(name)))
            />
        </div>
        <p class="quiet small">{about}</p>
    }
}

/// What there is instead of figures.
#[component]
fn NotMeasured(name: String) -> impl IntoView {
    view! {
        <section class="section">
            <p id="not-measured">
                "No measurement of this scorer comes with the program. "
                <code>{format!("backend scorer eval --scorer {name} --data DIR")}</code>
                " measures it on labelled text of yours and prints what it finds; this page does not show it."
            </p>
        </section>
    }
}

#[component]
fn Measured(evaluation: Evaluation) -> impl IntoView {
    view! {
        <Languages
            languages=evaluation.languages.clone()
            mean_auc=evaluation.mean_auc
            data=evaluation.data.clone()
        />
        <ReliabilityPlots languages=evaluation.languages.clone() />
        <Sources sources=evaluation.sources.clone() />
        <Completions completions=evaluation.completions.clone() />
        <Limits evaluation />
    }
}

/// A share with its interval, in percent.
fn percent(interval: Interval) -> impl IntoView {
    let [value, low, high] =
        [interval.value, interval.low, interval.high].map(|value| format!("{:.1}", value * 100.0));
    view! {
        <td class="number">
            {value} <span class="interval">{format!("{low}–{high}")}</span>
        </td>
    }
}

/// A measure between 0 and 1 with its interval.
fn measure(interval: Interval) -> impl IntoView {
    view! {
        <td class="number">
            {format!("{:.3}", interval.value)}
            <span class="interval">{format!("{:.3}–{:.3}", interval.low, interval.high)}</span>
        </td>
    }
}
