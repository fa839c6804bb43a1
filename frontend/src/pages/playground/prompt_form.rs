//! The prompt, the model, the settings, and the buttons.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use protocol::FieldError;
use protocol::adapter::AdapterEntry;
use protocol::api::generate::GenerateRequest;
use protocol::api::models::ModelEntry;
use protocol::language::Language;

use super::adapter_fields::AdapterFields;
use super::examples::example;
use super::fields::{Fields, Sides};
use super::no_model::NoModel;
use super::number_field::NumberField;
use super::permalink::{self, SIDES};
use super::sampler_fields::SamplerFields;
use crate::components::copy_button::CopyButton;

/// What the form's buttons do.
#[derive(Debug, Clone, Copy)]
pub struct Actions {
    /// Runs the request on the sides that are chosen.
    pub run: Callback<GenerateRequest>,
    /// Ends what runs.
    pub stop: Callback<()>,
    /// A run is under way.
    pub running: Signal<bool>,
    /// There was a run before.
    pub again: Signal<bool>,
}

/// The form.
#[component]
pub fn PromptForm(
    fields: Fields,
    /// Models that one side or the other can run.
    models: Signal<Vec<ModelEntry>>,
    /// Adapters for the chosen model.
    adapters: Signal<Vec<AdapterEntry>>,
    actions: Actions,
) -> impl IntoView {
    let request = Memo::new(move |_| fields.request());
    let wrong = Signal::derive(move || request.get().err());
    let ready = move || {
        request.with(Result::is_ok)
            && !fields.prompt.with(|prompt| prompt.trim().is_empty())
            && !fields.model.with(String::is_empty)
            && !actions.running.get()
    };
    let submit = move || {
        if let (true, Ok(request)) = (untrack(ready), request.get_untracked()) {
            permalink::write(&fields);
            actions.run.run(request);
        }
    };
    view! {
        <form class="section" on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                submit();
            } aria-label="Prompt and settings">
            <label>
                "Beginning of a text"
                <textarea
                    id="prompt"
                    rows="2"
                    dir="auto"
                    lang=move || fields.language.get()
                    prop:value=move || fields.prompt.get()
                    on:input=move |event| {
                        let prompt = event_target_value(&event);
                        // Another text begins, perhaps in another language.
                        if prompt.is_empty() {
                            fields.language.set(String::new());
                        }
                        fields.prompt.set(prompt);
                    }
                    on:keydown=move |event| {
                        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                            event.prevent_default();
                            submit();
                        }
                    }
                ></textarea>
            </label>
            <Examples fields />
            <div class="fields">
                <ModelField fields models />
                <AdapterFields fields adapters />
                <LanguageField fields />
                <SidesField fields />
                <NumberField
                    id="max-new-tokens"
                    name="max_new_tokens"
                    label="New tokens, at most"
                    value=fields.max_new_tokens
                    wrong
                />
                <NumberField
                    id="temperature"
                    name="temperature"
                    label="Temperature (0: likeliest)"
                    value=fields.temperature
                    wrong
                />
                <div class="buttons push-end">
                    <Show when=move || actions.running.get()>
                        <button id="stop" type="button" on:click=move |_| actions.stop.run(())>
                            "Stop"
                        </button>
                    </Show>
                    <CopyButton
                        id="copy-link"
                        label="Copy link"
                        text=Callback::new(move |()| permalink::write(&fields))
                    />
                    <button
                        id="run"
                        type="submit"
                        class="primary"
                        title="Ctrl + Enter"
                        disabled=move || !ready()
                    >
                        {move || if actions.again.get() { "Run again" } else { "Run" }}
                    </button>
                </div>
            </div>
            <NoModel models />
            <SamplerFields fields wrong />
            <WrongField wrong />
        </form>
    }
}

#[component]
fn WrongField(wrong: Signal<Option<FieldError>>) -> impl IntoView {
    view! {
        <p id="wrong-field" class="bad" role="status">
            {move || wrong.get().map(|error| error.to_string())}
        </p>
    }
}

#[component]
fn Examples(fields: Fields) -> impl IntoView {
    view! {
        <div class="examples" role="group" aria-label="Examples">
            <span class="quiet small">"Try"</span>
            {Language::ALL
                .map(|language| {
                    view! {
                        <button
                            type="button"
                            class="chip"
                            lang=language.code()
                            data-example=language.code()
                            on:click=move |_| {
                                fields.prompt.set(example(language).to_owned());
                                fields.language.set(language.code().to_owned());
                            }
                        >
                            <bdi>{language.endonym()}</bdi>
                        </button>
                    }
                })
                .collect_view()}
        </div>
    }
}

#[component]
fn LanguageField(fields: Fields) -> impl IntoView {
    view! {
        <label>
            "Language"
            <select id="language" on:change=move |event| fields.language.set(event_target_value(&event))>
                <option value="" selected=move || fields.language.with(String::is_empty)>
                    "as the text is"
                </option>
                {Language::ALL
                    .map(|language| {
                        view! {
                            <option
                                value=language.code()
                                lang=language.code()
                                selected=move || fields.language.get() == language.code()
                            >
                                {language.endonym()}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}

#[component]
fn ModelField(fields: Fields, models: Signal<Vec<ModelEntry>>) -> impl IntoView {
    view! {
        <label>
            "Model"
            <select
                id="model"
                disabled=move || models.with(Vec::is_empty)
                on:change=move |event| fields.model.set(event_target_value(&event))
            >
                <For each=move || models.get() key=|model| model.id.clone() let:model>
                    <option
                        value=model.id.clone()
                        selected={
                            let id = model.id.clone();
                            move || fields.model.get() == id
                        }
                    >
                        {format!("{} ({:.0} MB)", model.id, model.bytes as f64 / 1e6)}
                    </option>
                </For>
            </select>
        </label>
    }
}

#[component]
fn SidesField(fields: Fields) -> impl IntoView {
    view! {
        <label>
            "Run in"
            <select
                id="sides"
                on:change=move |event| {
                    let chosen = event_target_value(&event);
                    if let Some((_, sides)) = SIDES.into_iter().find(|(name, _)| *name == chosen) {
                        fields.sides.set(sides);
                    }
                }
            >
                {SIDES
                    .map(|(name, sides)| {
                        let label = match sides {
                            Sides::Both => "Browser and server",
                            Sides::Browser => "This browser only",
                            Sides::Server => "The server only",
                        };
                        view! {
                            <option value=name selected=move || fields.sides.get() == sides>
                                {label}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </label>
    }
}
