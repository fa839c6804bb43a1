//! How many texts a data set has, by language and part.

use leptos::prelude::*;
use protocol::data::{DataCount, Split};
use protocol::language::Language;

/// One row a language; a column for each part and side that the set has.
#[component]
pub fn Counts(counts: Vec<DataCount>) -> impl IntoView {
    let mut parts: Vec<Option<Split>> = Vec::new();
    let mut languages: Vec<Language> = Vec::new();
    for count in &counts {
        if !parts.contains(&count.split) {
            parts.push(count.split);
        }
        if !languages.contains(&count.language) {
            languages.push(count.language);
        }
    }
    if languages.is_empty() {
        return ().into_any();
    }
    let head = parts
        .iter()
        .map(|part| {
            let part = part.map_or_else(String::new, |part| format!("{part}, "));
            view! {
                <th scope="col" class="number">{format!("{part}toxic")}</th>
                <th scope="col" class="number">{format!("{part}clean")}</th>
            }
        })
        .collect_view();
    let rows = languages
        .into_iter()
        .map(|language| {
            let cells = parts
                .iter()
                .map(|part| {
                    let count = counts
                        .iter()
                        .find(|count| count.language == language && count.split == *part);
                    let (toxic, clean) = count.map_or((0, 0), |count| (count.toxic, count.clean));
                    view! {
                        <td class="number">{toxic}</td>
                        <td class="number">{clean}</td>
                    }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">
                        {language.code()} " "
                        <bdi lang=language.code() class="quiet">{language.endonym()}</bdi>
                    </th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Counts">
            <table id="set-counts" class="compact">
                <thead>
                    <tr>
                        <th scope="col">"Language"</th>
                        {head}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
