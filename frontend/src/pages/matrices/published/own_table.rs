//! A table that the reader pastes or opens, read in the page and never sent anywhere.

use leptos::prelude::*;
use protocol::matrix::{Metric, Table, parse::parse};

/// Reads a pasted table into `own`, and takes it away again.
#[component]
pub fn OwnTable(own: RwSignal<Option<Table>>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let metric = RwSignal::new(Metric::Toxicity);
    let problem = RwSignal::new(None::<String>);
    let read = move |_| match text.with(|text| parse(text)) {
        Ok(mut table) => {
            table.title = "Your table".to_owned();
            table.metric = Some(metric.get());
            problem.set(None);
            own.set(Some(table));
        }
        Err(error) => problem.set(Some(error.to_string())),
    };
    view! {
        <details>
            <summary>"Look at a table of your own"</summary>
            <div class="details-content">
                <label>
                    "CSV, tab-separated, Markdown or LaTeX: languages in the first row and column, a row ZS with the values before fine-tuning, AVG for averages"
                    <textarea
                        id="own-table"
                        rows="6"
                        dir="auto"
                        spellcheck="false"
                        aria-describedby="own-table-problem"
                        prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                    ></textarea>
                </label>
                <div class="buttons">
                    <label class="inline-field">
                        "Metric"
                        <select on:change=move |event| {
                            metric
                                .set(
                                    match event_target_value(&event).as_str() {
                                        "perplexity" => Metric::Perplexity,
                                        _ => Metric::Toxicity,
                                    },
                                )
                        }>
                            <option value="toxicity">"toxicity"</option>
                            <option value="perplexity">"perplexity"</option>
                        </select>
                    </label>
                    <button type="button" id="read-own-table" on:click=read>
                        "Show and audit"
                    </button>
                    <Show when=move || own.with(Option::is_some)>
                        <button type="button" class="plain" on:click=move |_| own.set(None)>
                            "Back to the published tables"
                        </button>
                    </Show>
                </div>
                <p id="own-table-problem" class="bad" role="alert">
                    {move || problem.get()}
                </p>
            </div>
        </details>
    }
}
