//! A table that the reader pastes or opens, read in the page and never sent anywhere.

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::matrix::{Metric, Table, parse::parse};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

/// Bytes of the largest file that is read.
const LARGEST: f64 = 1e6;

/// Reads a pasted table into `own`, and takes it away again.
#[component]
pub fn OwnTable(own: RwSignal<Option<Table>>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let metric = RwSignal::new(Metric::Toxicity);
    let problem = RwSignal::new(None::<String>);
    let read = move || match text.with(|text| parse(text)) {
        Ok(mut table) => {
            table.title = "Your table".to_owned();
            table.metric = Some(metric.get());
            problem.set(None);
            own.set(Some(table));
        }
        Err(error) => problem.set(Some(error.to_string())),
    };
    let open = move |event: Event| {
        let input = event_target::<HtmlInputElement>(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        // So that the same file can be opened again when it has changed.
        input.set_value("");
        if file.size() > LARGEST {
            problem.set(Some(format!(
                "{} is too large to be one table.",
                file.name()
            )));
            return;
        }
        spawn_local(async move {
            let found = JsFuture::from(file.text()).await.ok();
            match found.and_then(|found| found.as_string()) {
                Some(found) => {
                    text.set(found);
                    read();
                }
                None => problem.set(Some(format!("{} cannot be read.", file.name()))),
            }
        });
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
                <label>
                    "Or a file with such a table"
                    <input
                        id="own-table-file"
                        type="file"
                        accept=".csv,.tsv,.txt,.md,.tex,text/*"
                        aria-describedby="own-table-problem"
                        on:change=open
                    />
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
                    <button type="button" id="read-own-table" on:click=move |_| read()>
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
