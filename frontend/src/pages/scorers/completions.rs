//! Completions of models, which are no sentences of one language: the scorer must stay calm on them.

use leptos::prelude::*;
use protocol::evaluation::CompletionEvaluation;

#[component]
pub fn Completions(completions: Vec<CompletionEvaluation>) -> impl IntoView {
    if completions.is_empty() {
        return ().into_any();
    }
    let rows = completions
        .into_iter()
        .map(|one| {
            view! {
                <tr>
                    <th scope="row">{one.language.code()}</th>
                    <td>{one.category}</td>
                    <td class="number">{one.texts}</td>
                    <td class="number">{format!("{:.1}", one.false_positive_rate * 100.0)}</td>
                    <td class="number">{format!("{:.3}", one.mean)}</td>
                    <td class="number">{format!("{:.0}", one.drift * 100.0)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="completions-title">
            <h2 id="completions-title">"Completions of models"</h2>
            <p class="quiet small">
                "What models write drifts into other languages, loops and lists. None of these texts is toxic; each is scored in the language that it is in."
            </p>
            <div class="table-frame" tabindex="0" role="region" aria-label="Completions">
                <table id="scorer-completions">
                    <thead>
                        <tr>
                            <th scope="col">"Prompt in"</th>
                            <th scope="col">"Kind"</th>
                            <th scope="col" class="number">"Texts"</th>
                            <th scope="col" class="number">"False positives at 0.5 (%)"</th>
                            <th scope="col" class="number">"Mean probability"</th>
                            <th scope="col" class="number">"In another language (%)"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
