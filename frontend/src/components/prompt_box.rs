//! A prompt, its settings, and the text that continues it as it is written.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::api::generate::{GenerateRequest, StreamEvent};
use protocol::api::models::ModelList;
use protocol::generation::{FinishReason, MAX_NEW_TOKENS_LIMIT};
use protocol::language::Language;
use protocol::provenance::ModelProvenance;
use web_sys::AbortController;

use crate::app::Answer;
use crate::remote::{RemoteFailure, generate};

/// What is known of the running or the last generation.
#[derive(Debug, Clone, Default)]
struct Writing {
    prompt: String,
    completion: String,
    tokens: usize,
    provenance: Option<ModelProvenance>,
    end: Option<Result<FinishReason, RemoteFailure>>,
}

impl Writing {
    fn take(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Start { provenance, .. } => self.provenance = Some(provenance),
            StreamEvent::Token { text, .. } => {
                self.tokens += 1;
                self.completion.push_str(&text);
            }
            StreamEvent::Done {
                text,
                finish_reason,
                completion_tokens,
            } => {
                self.completion.push_str(&text);
                self.tokens = completion_tokens;
                self.end = Some(Ok(finish_reason));
            }
            StreamEvent::Error { error } => self.end = Some(Err(RemoteFailure::Refused(error))),
        }
    }

    fn status(&self) -> String {
        match &self.end {
            None => "Writing…".to_owned(),
            Some(Ok(FinishReason::Stop)) => format!("{} tokens; the model ended.", self.tokens),
            Some(Ok(FinishReason::Length)) => {
                format!("{} tokens; the length is reached.", self.tokens)
            }
            Some(Ok(FinishReason::Cancelled)) | Some(Err(RemoteFailure::Stopped)) => {
                format!("Stopped after {} tokens.", self.tokens)
            }
            Some(Err(failure)) => failure.to_string(),
        }
    }

    fn failed(&self) -> bool {
        matches!(&self.end, Some(Err(failure)) if *failure != RemoteFailure::Stopped)
    }
}

/// The form and its result. `after` runs when a generation has ended.
#[component]
pub fn PromptBox(models: RwSignal<Answer<ModelList>>, after: Callback<()>) -> impl IntoView {
    let defaults = GenerateRequest::default();
    let model = RwSignal::new(String::new());
    let language = RwSignal::new(String::new());
    let prompt = RwSignal::new(String::new());
    let max_new_tokens = RwSignal::new(defaults.max_new_tokens.to_string());
    let temperature = RwSignal::new(defaults.temperature.to_string());
    let writing = RwSignal::new(Option::<Writing>::None);
    let stop = StoredValue::new_local(Option::<AbortController>::None);

    let installed = Memo::new(move |_| match models.get() {
        Some(Ok(list)) => list
            .models
            .into_iter()
            .filter(|model| model.installed)
            .collect(),
        _ => Vec::new(),
    });
    // Follows the list until the reader has chosen.
    Effect::new(move |_| {
        let installed = installed.get();
        if installed
            .iter()
            .all(|entry| entry.id != model.get_untracked())
        {
            let first = installed
                .iter()
                .find(|entry| entry.default)
                .or(installed.first());
            model.set(first.map(|entry| entry.id.clone()).unwrap_or_default());
        }
    });
    let running = Memo::new(move |_| {
        writing.with(|writing| {
            writing
                .as_ref()
                .is_some_and(|writing| writing.end.is_none())
        })
    });
    let ready =
        move || !running.get() && !model.with(String::is_empty) && !prompt.with(String::is_empty);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let (Ok(tokens), Ok(heat)) = (
            max_new_tokens.get_untracked().parse(),
            temperature.get_untracked().parse(),
        ) else {
            return;
        };
        let request = GenerateRequest {
            model: Some(model.get_untracked()),
            prompt: prompt.get_untracked(),
            max_new_tokens: tokens,
            temperature: heat,
            stream: true,
            ..GenerateRequest::default()
        };
        writing.set(Some(Writing {
            prompt: request.prompt.clone(),
            ..Writing::default()
        }));
        let signal = controller.signal();
        stop.set_value(Some(controller));
        let change = move |edit: &mut dyn FnMut(&mut Writing)| {
            writing.update(|writing| {
                if let Some(writing) = writing {
                    edit(writing);
                }
            });
        };
        spawn_local(async move {
            let result = generate::generate(&request, &signal, |event| {
                let mut event = Some(event);
                change(&mut |writing| {
                    if let Some(event) = event.take() {
                        writing.take(event);
                    }
                });
            })
            .await;
            if let Err(failure) = result {
                change(&mut |writing| writing.end = Some(Err(failure.clone())));
            }
            stop.set_value(None);
            after.run(());
        });
    };
    let halt = move |_| {
        stop.with_value(|controller| {
            if let Some(controller) = controller {
                controller.abort();
            }
        });
    };

    view! {
        <section class="section" aria-labelledby="prompt-title">
            <h2 id="prompt-title">"Continue a text"</h2>
            <form class="section-form" on:submit=submit>
                <label>
                    "Beginning of the text"
                    <textarea
                        id="prompt"
                        rows="4"
                        dir="auto"
                        lang=move || language.get()
                        prop:value=move || prompt.get()
                        on:input=move |event| prompt.set(event_target_value(&event))
                    ></textarea>
                </label>
                <div class="fields">
                    <label>
                        "Its language"
                        <select
                            id="language"
                            prop:value=move || language.get()
                            on:change=move |event| language.set(event_target_value(&event))
                        >
                            <option value="">"not said"</option>
                            {Language::ALL
                                .map(|language| {
                                    view! {
                                        <option value=language.code() lang=language.code()>
                                            {language.endonym()}
                                        </option>
                                    }
                                })
                                .collect_view()}
                        </select>
                    </label>
                    <label>
                        "Model"
                        <select
                            id="model"
                            prop:value=move || model.get()
                            on:change=move |event| model.set(event_target_value(&event))
                        >
                            <For each=move || installed.get() key=|entry| entry.id.clone() let:entry>
                                <option
                                    value=entry.id.clone()
                                    selected={
                                        let id = entry.id.clone();
                                        move || model.get() == id
                                    }
                                >
                                    {entry.id.clone()}
                                </option>
                            </For>
                        </select>
                    </label>
                    <label>
                        "New tokens, at most"
                        <input
                            id="max-new-tokens"
                            type="number"
                            required
                            min="1"
                            max=MAX_NEW_TOKENS_LIMIT.to_string()
                            prop:value=move || max_new_tokens.get()
                            on:input=move |event| max_new_tokens.set(event_target_value(&event))
                        />
                    </label>
                    <label>
                        "Temperature (0: likeliest token)"
                        <input
                            id="temperature"
                            type="number"
                            required
                            min="0"
                            max="5"
                            step="0.1"
                            prop:value=move || temperature.get()
                            on:input=move |event| temperature.set(event_target_value(&event))
                        />
                    </label>
                    <button id="continue" type="submit" class="primary" disabled=move || !ready()>
                        "Continue"
                    </button>
                    <button
                        id="stop"
                        type="button"
                        disabled=move || !running.get()
                        on:click=halt
                    >
                        "Stop"
                    </button>
                </div>
            </form>
            <p
                id="generation-status"
                role="status"
                class=move || {
                    let failed = writing
                        .with(|writing| writing.as_ref().is_some_and(Writing::failed));
                    if failed { "bad" } else { "quiet" }
                }
            >
                {move || match writing.get() {
                    Some(writing) => writing.status(),
                    None if models.with(|models| matches!(models, Some(Ok(_))))
                        && installed.with(Vec::is_empty) => {
                        "No model is on this machine yet; the table says how to fetch one."
                            .to_owned()
                    }
                    None => String::new(),
                }}
            </p>
            <Show when=move || writing.with(Option::is_some)>
                <div
                    id="completion"
                    class="completion"
                    dir="auto"
                    lang=move || language.get()
                    aria-busy=move || running.get().to_string()
                >
                    <span class="quiet">
                        {move || writing.get().map(|writing| writing.prompt)}
                    </span>
                    <span id="completion-text">
                        {move || writing.get().map(|writing| writing.completion)}
                    </span>
                </div>
                <p class="quiet small">
                    {move || {
                        writing.get().and_then(|writing| writing.provenance).map(provenance_line)
                    }}
                </p>
            </Show>
        </section>
    }
}

fn provenance_line(provenance: ModelProvenance) -> String {
    format!(
        "{} on {}, weights {}, SHA-256 {}, version {}",
        provenance.model,
        provenance.device,
        provenance.weights,
        provenance.sha256.get(..12).unwrap_or(&provenance.sha256),
        provenance.version
    )
}
