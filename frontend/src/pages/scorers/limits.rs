//! Where the scorer is not to be believed, as its own figures say, with the texts it got wrong.

use leptos::prelude::*;
use protocol::evaluation::{Evaluation, LanguageEvaluation, SourceEvaluation};

use super::examples::Examples;
use crate::components::veiled::Veiled;

/// More false alarms than this are told.
const ALARMS: f64 = 0.05;
/// Less recall than this is told.
const RECALL: f64 = 0.5;

#[component]
pub fn Limits(evaluation: Evaluation) -> impl IntoView {
    let weak: Vec<String> = evaluation
        .sources
        .iter()
        .flat_map(weaknesses)
        .chain(evaluation.languages.iter().flat_map(own_weaknesses))
        .collect();
    let open = RwSignal::new(false);
    // Only this scorer is in the browser.
    let here = evaluation.scorer.name == "ngram";
    let wrong = evaluation
        .languages
        .iter()
        .any(|language| !language.mistakes.is_empty());
    let languages = StoredValue::new(evaluation.languages);
    view! {
        <section class="section prose" aria-labelledby="limits-title">
            <h2 id="limits-title">"Limits"</h2>
            <p>
                "The scorer reads words and pieces of words. It does not understand irony, quotation, what a text is an answer to, or harm that is said politely, and a word that offends in one place is everyday speech in another. Use means over many texts, not single scores, and look at the texts behind a mean."
            </p>
            <ul class="limits">
                {weak.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
            </ul>
            {here.then(|| view! { <Examples /> })}
            {wrong
                .then(|| {
                    view! {
                        <h3>"Texts on the wrong side of 0.5"</h3>
                        <Veiled
                            what="sentences of the test sets"
                            why="Half of them were collected because they offend."
                            open
                        >
                            {languages.with_value(|languages| mistakes(languages))}
                        </Veiled>
                    }
                })}
        </section>
    }
}

fn weaknesses(source: &SourceEvaluation) -> Vec<String> {
    let place = format!("{}, {}", source.source, source.language);
    let alarms = source
        .false_positive_rate
        .filter(|alarms| alarms.value > ALARMS)
        .map(|alarms| {
            format!(
                "{place}: {:.1} % false alarms among {} texts without toxicity.",
                alarms.value * 100.0,
                source.clean
            )
        });
    let missed = source
        .recall
        .filter(|recall| recall.value < RECALL)
        .map(|recall| {
            format!(
                "{place}: only {:.0} % of {} toxic texts reach 0.5.",
                recall.value * 100.0,
                source.toxic
            )
        });
    alarms.into_iter().chain(missed).collect()
}

fn own_weaknesses(language: &LanguageEvaluation) -> Vec<String> {
    let missed = (language.recall.value < RECALL).then(|| {
        format!(
            "Test pairs, {}: only {:.0} % of the toxic sentences reach 0.5.",
            language.language,
            language.recall.value * 100.0
        )
    });
    let alarms = (language.false_positive_rate.value > ALARMS).then(|| {
        format!(
            "Test pairs, {}: {:.0} % of the neutral twins are taken for toxic.",
            language.language,
            language.false_positive_rate.value * 100.0
        )
    });
    missed.into_iter().chain(alarms).collect()
}

fn mistakes(languages: &[LanguageEvaluation]) -> impl IntoView + use<> {
    let rows = languages
        .iter()
        .flat_map(|language| {
            let code = language.language.code();
            language.mistakes.clone().into_iter().map(move |mistake| {
                view! {
                    <tr>
                        <td>{code}</td>
                        <td class="sentence" dir="auto" lang=code>
                            {mistake.text}
                        </td>
                        <td>{if mistake.toxic { "toxic" } else { "neutral" }}</td>
                        <td class="number">{format!("{:.2}", mistake.probability)}</td>
                        <td dir="auto">{mistake.reasons.join(", ")}</td>
                    </tr>
                }
            })
        })
        .collect_view();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label="Mistakes">
            <table id="scorer-mistakes">
                <thead>
                    <tr>
                        <th scope="col">"Language"</th>
                        <th scope="col">"Text"</th>
                        <th scope="col">"It is"</th>
                        <th scope="col" class="number">"Scored"</th>
                        <th scope="col">"Because of"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
