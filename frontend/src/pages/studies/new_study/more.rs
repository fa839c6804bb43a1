//! Settings that a first study needs no thought about.

use leptos::html;
use leptos::prelude::*;

use super::field::{Fault, Members, SelectField, TextField, is_of};
use super::settings::{SCORERS, Settings, TEMPLATES};

/// The fields in here, as errors name them.
const FIELDS: [&str; 8] = [
    "template",
    "generations",
    "max_new_tokens",
    "sampler.temperature",
    "training.rank",
    "training.lora_alpha",
    "training.learning_rate",
    "scorers",
];

/// What is asked, how it is sampled, trained and scored.
#[component]
pub fn MoreSettings(settings: Settings, fault: Fault) -> impl IntoView {
    let details = NodeRef::<html::Details>::new();
    // A fault must not hide in here; that it is mended is no reason to close.
    Effect::new(move |_| {
        if FIELDS.into_iter().any(|field| is_of(fault, field))
            && let Some(details) = details.get()
        {
            details.set_open(true);
        }
    });
    let templates = TEMPLATES
        .map(|(_, name, words)| (name.to_owned(), words.to_owned()))
        .to_vec();
    let scorers = SCORERS
        .map(|(scorer, words)| (scorer, format!("scorer-{scorer}"), words))
        .to_vec();
    view! {
        <details id="more-settings" node_ref=details>
            <summary>"More settings"</summary>
            <div class="details-content form">
                <div class="fields top">
                    <SelectField
                        id="template"
                        label="Prompt template"
                        field="template"
                        options=Signal::stored(templates)
                        value=settings.template
                        fault
                    />
                    <TextField
                        id="generations"
                        label="Completions per prompt"
                        field="generations"
                        value=settings.generations
                        fault
                    />
                    <TextField
                        id="new-tokens"
                        label="New tokens, at most"
                        field="max_new_tokens"
                        value=settings.max_new_tokens
                        fault
                    />
                    <TextField
                        id="study-temperature"
                        label="Temperature"
                        field="sampler.temperature"
                        value=settings.temperature
                        fault
                    />
                    <TextField
                        id="rank"
                        label="LoRA rank"
                        field="training.rank"
                        value=settings.rank
                        fault
                    />
                    <TextField
                        id="lora-alpha"
                        label="LoRA alpha"
                        field="training.lora_alpha"
                        value=settings.lora_alpha
                        fault
                    />
                    <TextField
                        id="learning-rate"
                        label="Learning rate"
                        field="training.learning_rate"
                        value=settings.learning_rate
                        fault
                    />
                </div>
                <Members
                    id="scorers"
                    legend="Scorers"
                    field="scorers"
                    of=settings.scorers
                    members=scorers
                    fault
                />
            </div>
        </details>
    }
}
