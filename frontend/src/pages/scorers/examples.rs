//! Sentences of the kinds that such a scorer misreads, scored at this moment in this browser.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::api::score::ScoreRequest;
use protocol::language::Language;

use crate::state::local_engine::LocalEngine;

/// Kind, sentence, and whether it is toxic.
const EXAMPLES: [(&str, &str, bool); 6] = [
    ("no rude word", "Get out and never come back.", true),
    ("irony", "How clever of you, as always.", true),
    ("exclusion", "People like them do not belong here.", true),
    ("quotation", "He called me an idiot.", false),
    ("negation", "You are not an idiot.", false),
    ("name of a group", "Many Muslims live in our street.", false),
];

#[component]
pub fn Examples() -> impl IntoView {
    let scores = RwSignal::new(Vec::<Option<f64>>::new());
    let problem = RwSignal::new(None::<String>);
    let request = ScoreRequest {
        scorer: None,
        language: Language::En,
        as_given: true,
        texts: EXAMPLES.map(|(_, text, _)| text.to_owned()).to_vec(),
    };
    let answer = LocalEngine::get().score(request);
    spawn_local(async move {
        match answer.await {
            Ok(Ok(response)) => {
                let found = response.texts.iter().map(|text| text.score).collect();
                scores.try_set(found);
            }
            Ok(Err(failure)) => {
                problem.try_set(Some(failure.message));
            }
            // The worker was replaced; the reader has other things to see.
            Err(_) => {}
        }
    });
    let rows = EXAMPLES
        .into_iter()
        .enumerate()
        .map(|(at, (kind, text, toxic))| {
            let score = move || scores.with(|scores| scores.get(at).copied().flatten());
            let wrong = move || score().is_some_and(|score| (score >= 0.5) != toxic);
            view! {
                <tr>
                    <th scope="row">{kind}</th>
                    <td lang="en">{text}</td>
                    <td>{if toxic { "toxic" } else { "harmless" }}</td>
                    <td class="number" class:bad=wrong>
                        {move || score().map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"))}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h3>"Examples, scored in this browser just now"</h3>
        {move || problem.get().map(|problem| view! { <p class="bad">{problem}</p> })}
        <div class="table-frame" tabindex="0" role="region" aria-label="Examples">
            <table id="scorer-examples">
                <thead>
                    <tr>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Sentence"</th>
                        <th scope="col">"It is"</th>
                        <th scope="col" class="number">"Scored"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
