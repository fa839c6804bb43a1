//! The same scorer on other texts: clean ones, and labelled ones of other origins.

use leptos::prelude::*;
use protocol::evaluation::{Interval, SourceEvaluation};

use super::percent;
use crate::components::flag::Flag;

#[component]
pub fn Sources(sources: Vec<SourceEvaluation>) -> impl IntoView {
    let (clean, labelled): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| source.toxic == 0);
    view! {
        {(!clean.is_empty())
            .then(|| {
                view! {
                    <section class="section" aria-labelledby="clean-title">
                        <h2 id="clean-title">"False alarms on clean text"</h2>
                        <p class="quiet small">
                            "Everyday sentences with nothing toxic in them: each one at or above 0.5 is a false alarm."
                        </p>
                        {table("clean-sources", "Clean text", clean)}
                    </section>
                }
            })}
        {(!labelled.is_empty())
            .then(|| {
                view! {
                    <section class="section" aria-labelledby="sources-title">
                        <h2 id="sources-title">"Labelled text of other sources"</h2>
                        <p class="quiet small">
                            "What counts as toxic differs from source to source, and so do these figures."
                        </p>
                        {table("labelled-sources", "Other sources", labelled)}
                    </section>
                }
            })}
    }
}

fn table(id: &'static str, label: &'static str, sources: Vec<SourceEvaluation>) -> impl IntoView {
    let toxic = sources.iter().any(|source| source.toxic > 0);
    let rows = sources
        .into_iter()
        .map(|source| {
            view! {
                <tr>
                    <th scope="row">
                        {source.source.clone()} " "
                        {source
                            .trained_on
                            .then(|| view! { <Flag word="trained on" why="Other texts of this source trained the scorer" /> })}
                    </th>
                    <td>{source.language.code()}</td>
                    <td class="number">{source.toxic + source.clean}</td>
                    {share(source.false_positive_rate)}
                    {toxic
                        .then(|| {
                            view! {
                                {share(source.recall)}
                                <td class="number">
                                    {source.auc.map_or_else(|| "–".to_owned(), |auc| format!("{auc:.3}"))}
                                </td>
                            }
                        })}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label=label>
            <table id=id>
                <thead>
                    <tr>
                        <th scope="col">"Source"</th>
                        <th scope="col">"Language"</th>
                        <th scope="col" class="number">"Texts"</th>
                        <th scope="col" class="number">"False positives at 0.5 (%)"</th>
                        {toxic
                            .then(|| {
                                view! {
                                    <th scope="col" class="number">"Recall at 0.5 (%)"</th>
                                    <th scope="col" class="number">"AUC"</th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn share(interval: Option<Interval>) -> AnyView {
    match interval {
        Some(interval) => percent(interval).into_any(),
        None => view! { <td class="number">"–"</td> }.into_any(),
    }
}
