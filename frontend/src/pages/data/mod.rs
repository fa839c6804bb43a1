//! `/data`: the data sets of the server, what is remarkable in them, and their rows.

mod counts;
mod rows;

use leptos::prelude::*;
use protocol::data::{DataEntry, DataKind, DataList};

use crate::components::answered::answered;
use crate::components::facts::Facts;
use crate::components::flag::Flag;
use crate::components::language_list::LanguageList;
use crate::remote::address::segment;
use crate::state::address::Kept;
use crate::state::document::Document;
use counts::Counts;
use rows::Rows;

#[component]
pub fn Data() -> impl IntoView {
    let list = Document::<DataList>::at(|| Some("/api/data".to_owned()));
    let chosen = Kept::<String>::of("set");
    view! {
        <section class="section" aria-labelledby="data-title">
            <h1 id="data-title">"Data"</h1>
            <p class="quiet">
                "The sentences on the server’s machine: what trains, what tests, under which licence. "
                <code>"cargo run -p backend -- data pull"</code>
                " fetches the sets that may be fetched."
            </p>
            {answered(list, move |list| overview(list, chosen))}
        </section>
        {move || match list.answer.get() {
            Some(Ok(list)) => {
                let name = chosen.get();
                let entry = match name {
                    Some(name) => list.sets.iter().find(|set| set.name == name).cloned(),
                    None => list.sets.first().cloned(),
                };
                match entry {
                    Some(entry) => view! { <Set entry /> }.into_any(),
                    None => {
                        view! { <p class="bad" role="alert">"There is no data set of that name."</p> }
                            .into_any()
                    }
                }
            }
            _ => ().into_any(),
        }}
    }
}

fn overview(list: DataList, chosen: Kept<String>) -> impl IntoView {
    let first = list.sets.first().map(|set| set.name.clone());
    let rows = list
        .sets
        .into_iter()
        .map(|set| {
            let (name, first) = (set.name.clone(), first.clone());
            let current = move || {
                let chosen = chosen.get().or_else(|| first.clone());
                (chosen.as_deref() == Some(name.as_str())).then_some("true")
            };
            let texts: usize = set.counts.iter().map(|count| count.toxic + count.clean).sum();
            let remarkable: usize = set.warnings.iter().map(|warning| warning.count).sum();
            let codes = set.languages.iter().map(ToString::to_string).collect();
            view! {
                <tr>
                    <th scope="row">
                        // The router's own link would call every query of this page the current one.
                        <a href=format!("/data?set={}", segment(&set.name)) aria-current=current data-noscroll="">
                            {set.name.clone()}
                        </a>
                        {set.label.clone().map(|label| view! { " " <Flag word=label /> })}
                    </th>
                    <td>{kind(set.kind)}</td>
                    <td>
                        <LanguageList codes />
                    </td>
                    <td class="number">{texts}</td>
                    <td>{set.licence.clone()}</td>
                    <td>
                        {match (&set.error, remarkable) {
                            (Some(_), _) => view! { <span class="bad">"cannot be used"</span> }.into_any(),
                            (None, 0) => view! { <span class="good">"sound"</span> }.into_any(),
                            (None, count) => format!("{count} warnings").into_any(),
                        }}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Data sets">
            <table id="data-sets">
                <thead>
                    <tr>
                        <th scope="col">"Set"</th>
                        <th scope="col">"Holds"</th>
                        <th scope="col">"Languages"</th>
                        <th scope="col" class="number">"Texts"</th>
                        <th scope="col">"Licence"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn kind(kind: DataKind) -> &'static str {
    match kind {
        DataKind::Pairs => "toxic and neutral pairs",
        DataKind::Labelled => "labelled texts",
        DataKind::Prompts => "prompts",
        DataKind::Retrieval => "translations",
        DataKind::Lexicon => "word lists",
    }
}

#[component]
fn Set(entry: DataEntry) -> impl IntoView {
    let warnings = entry
        .warnings
        .iter()
        .map(|warning| {
            view! {
                <li>
                    <span>{format!("{}: {} × {}", warning.language, warning.count, warning.kind)}</span>
                    <span class="quiet">{format!(" ({})", warning.places.join("; "))}</span>
                </li>
            }
        })
        .collect_view();
    let facts = vec![
        ("Licence", entry.licence.clone()),
        ("Source", entry.source.clone()),
    ];
    view! {
        <section class="section" aria-labelledby="set-title">
            <h2 id="set-title">
                {entry.name.clone()} {entry.label.clone().map(|label| view! { " " <Flag word=label /> })}
            </h2>
            {entry.error.clone().map(|error| view! { <p class="problem" role="alert">{error}</p> })}
            <Facts id="set-facts" rows=facts />
            <Counts counts=entry.counts.clone() />
            {(!entry.warnings.is_empty())
                .then(|| {
                    view! {
                        <details>
                            <summary>"Warnings: nothing of this keeps the set from being used"</summary>
                            <ul id="set-warnings" class="bare details-content small">{warnings}</ul>
                        </details>
                    }
                })}
        </section>
        {(entry.error.is_none() && !entry.counts.is_empty()).then(|| view! { <Rows entry /> })}
    }
}
