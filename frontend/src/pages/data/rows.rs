//! The rows of a data set, page by page, veiled.

use leptos::prelude::*;
use protocol::data::{DataEntry, DataRow, DataRows, ROWS_DEFAULT, Split};
use protocol::language::Language;

use crate::components::answered::answered;
use crate::components::choice_field::ChoiceField;
use crate::components::pager::Pager;
use crate::components::veiled::Veiled;
use crate::remote::address::{address, segment};
use crate::state::address::Kept;
use crate::state::document::Document;

/// A browser of one set.
#[component]
pub fn Rows(entry: DataEntry) -> impl IntoView {
    let language = Kept::<Language>::of("language");
    let part = Kept::<String>::of("split");
    let split = move || {
        let part = part.get()?;
        Split::ALL
            .into_iter()
            .find(|split| split.to_string() == part)
    };
    let from = Kept::<usize>::of("from");
    let languages = entry.languages.clone();
    let first = languages.first().copied().unwrap_or(Language::En);
    let offered = StoredValue::new(languages.clone());
    let shown = Memo::new(move |_| {
        let chosen = language.get();
        chosen
            .filter(|language| offered.with_value(|offered| offered.contains(language)))
            .unwrap_or(first)
    });
    let has_parts = entry.counts.iter().any(|count| count.split.is_some());
    let path = format!("/api/data/{}/rows", segment(&entry.name));
    let document = Document::<DataRows>::at(move || {
        Some(address(
            &path,
            &[
                ("language", Some(shown.get().to_string())),
                (
                    "split",
                    split().filter(|_| has_parts).map(|split| split.to_string()),
                ),
                ("offset", Some(from.get().unwrap_or(0).to_string())),
                ("limit", Some(ROWS_DEFAULT.to_string())),
            ],
        ))
    });
    let options = languages
        .iter()
        .map(|language| (language.code().to_owned(), language.endonym().to_owned()))
        .collect::<Vec<_>>();
    let parts: Vec<(String, String)> = [(String::new(), "all".to_owned())]
        .into_iter()
        .chain(Split::ALL.map(|split| (split.to_string(), split.to_string())))
        .collect();
    let open = RwSignal::new(false);
    let page = Signal::derive(move || {
        document.answer.with(|answer| {
            let page = answer.as_ref()?.as_ref().ok()?;
            Some((page.rows.len(), page.total))
        })
    });
    view! {
        <section class="section" aria-labelledby="rows-title">
            <h2 id="rows-title">"Sentences"</h2>
            <div class="fields">
                <ChoiceField
                    id="rows-language"
                    label="Language"
                    options=Signal::stored(options)
                    value=Signal::derive(move || shown.get().to_string())
                    choose=Callback::new(move |code: String| {
                        from.set(None);
                        language.set_text(&code);
                    })
                />
                {has_parts
                    .then(|| {
                        view! {
                            <ChoiceField
                                id="rows-split"
                                label="Part"
                                options=Signal::stored(parts)
                                value=Signal::derive(move || {
                                    split().map(|split| split.to_string()).unwrap_or_default()
                                })
                                choose=Callback::new(move |chosen: String| {
                                    from.set(None);
                                    part.set(Some(chosen).filter(|chosen| !chosen.is_empty()));
                                })
                            />
                        }
                    })}
                <Pager from size=ROWS_DEFAULT page />
            </div>
            <Veiled
                what="the sentences"
                why="They were collected because they offend, or stand beside such."
                open
            >
                {answered(document, move |rows| table(rows.rows, shown.get_untracked()))}
            </Veiled>
        </section>
    }
}

fn table(rows: Vec<DataRow>, language: Language) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|row| {
            let text = |text: Option<String>| {
                view! {
                    <td class="sentence" dir="auto" lang=language.code()>
                        {text}
                    </td>
                }
            };
            view! {
                <tr>
                    <td class="number">{row.line}</td>
                    <td>{row.split.map(|split| split.to_string())}</td>
                    {text(row.toxic)}
                    {text(row.neutral)}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Sentences">
            <table id="rows">
                <thead>
                    <tr>
                        <th scope="col" class="number">"Line"</th>
                        <th scope="col">"Part"</th>
                        <th scope="col">"Toxic"</th>
                        <th scope="col">"Neutral or clean"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
