//! A new study: from a preset, with the settings that matter most.

mod field;
mod more;
mod settings;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::FieldError;
use protocol::language::Language;
use protocol::study::EvaluationSplit;
use protocol::study::api::{NewStudy, PresetEntry, PresetList};

use self::field::{FaultOf, Members, SelectField, TextField, is_of};
use self::more::MoreSettings;
use self::settings::{REGIMES, Settings, split_field};
use crate::components::answered::answered;
use crate::components::choice_field::ChoiceField;
use crate::remote::{RemoteFailure, studies};
use crate::state::document::Document;
use crate::state::server_facts::ServerFacts;

/// The form.
#[component]
pub fn NewStudyForm(
    /// Gets the name of the study that was made.
    made: Callback<String>,
    /// The server refused; it may have made the study and only not begun it.
    refused: Callback<()>,
) -> impl IntoView {
    let presets = Document::<PresetList>::at(|| Some("/api/studies/presets".to_owned()));
    view! {
        <section class="section" aria-labelledby="new-study-title">
            <h2 id="new-study-title">"A new study"</h2>
            {answered(presets, move |list| view! { <Form presets=list.presets made refused /> })}
        </section>
    }
}

#[component]
fn Form(presets: Vec<PresetEntry>, made: Callback<String>, refused: Callback<()>) -> impl IntoView {
    let facts = ServerFacts::get();
    let settings = Settings::new();
    let chosen = RwSignal::new(presets.first().map(|preset| preset.preset.to_string()));
    let names: Vec<(String, String)> = presets
        .iter()
        .map(|preset| (preset.preset.to_string(), preset.preset.to_string()))
        .collect();
    let presets = StoredValue::new(presets);
    let preset = Memo::new(move |_| {
        let name = chosen.get()?;
        presets.with_value(|presets| {
            presets
                .iter()
                .find(|preset| preset.preset.to_string() == name)
                .cloned()
        })
    });
    Effect::new(move |_| {
        if let Some(preset) = preset.get() {
            settings.fill(&preset.spec);
        }
    });
    let spec = Memo::new(move |_| Some(settings.spec(&preset.get()?.spec)));
    let wrong = RwSignal::new(None::<RemoteFailure>);
    // What was refused is another specification now.
    Effect::new(move |_| {
        spec.track();
        wrong.set(None);
    });
    let sending = RwSignal::new(false);
    let make = move |run: bool| {
        let Some(Ok(spec)) = spec.get_untracked() else {
            return;
        };
        sending.set(true);
        wrong.set(None);
        spawn_local(async move {
            let answer = studies::create(&NewStudy { spec, run }).await;
            sending.try_set(false);
            match answer {
                Ok(status) => made.run(status.summary.name),
                Err(failure) => {
                    wrong.try_set(Some(failure));
                    refused.run(());
                }
            }
        });
    };
    let fault = Signal::derive(move || {
        spec.with(|spec| spec.as_ref()?.as_ref().err().cloned())
            .or_else(|| wrong.with(|wrong| refused_field(wrong.as_ref()?)))
    });
    let said = move || {
        spec.with(|spec| Some(spec.as_ref()?.as_ref().err()?.to_string()))
            .or_else(|| wrong.with(|wrong| Some(wrong.as_ref()?.to_string())))
    };
    let disabled = move || sending.get() || !spec.with(|spec| matches!(spec, Some(Ok(_))));
    let models = Signal::derive(move || {
        let installed = facts.models.with(|models| match models {
            Some(Ok(list)) => list
                .models
                .iter()
                .filter(|model| model.installed)
                .map(|model| model.id.clone())
                .collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        let own = settings.model.get();
        let missing =
            (!installed.contains(&own)).then(|| (own.clone(), format!("{own} (not here)")));
        installed
            .into_iter()
            .map(|id| (id.clone(), id))
            .chain(missing)
            .collect()
    });
    view! {
        <form
            id="new-study"
            class="form"
            on:submit=move |event: SubmitEvent| {
                event.prevent_default();
                make(true);
            }
        >
            <div class="fields top">
                <ChoiceField
                    id="preset"
                    label="Preset"
                    options=Signal::stored(names)
                    value=Signal::derive(move || chosen.get().unwrap_or_default())
                    choose=Callback::new(move |name| chosen.set(Some(name)))
                />
                <TextField
                    id="study-name"
                    label="Name"
                    field="name"
                    value=settings.name
                    fault
                    words=true
                />
                <SelectField
                    id="study-model"
                    label="Model"
                    field="model"
                    options=models
                    value=settings.model
                    fault
                />
                <TextField
                    id="epochs"
                    label="Epochs, at most"
                    field="training.epochs"
                    value=settings.epochs
                    fault
                />
                <TextField
                    id="updates"
                    label="Updates at most (0: by epochs)"
                    field="training.max_steps"
                    value=settings.updates
                    fault
                />
                <TextField id="seeds" label="Seeds" field="seeds" value=settings.seeds fault />
            </div>
            <p class="quiet small">{move || preset.get().map(|preset| preset.about)}</p>
            {move || {
                let model = settings.model.get();
                missing(facts, &model)
                    .then(|| {
                        view! {
                            <p id="missing-model" class="small">
                                {format!("{model} has not been fetched yet: ")}
                                <code>{format!("backend models pull {model}")}</code>
                            </p>
                        }
                    })
            }}
            <div class="fields top">
                <Members
                    id="languages"
                    legend="Languages"
                    field="languages"
                    of=settings.languages
                    members=Language::ALL
                        .map(|language| {
                            (language, format!("language-{language}"), language.endonym())
                        })
                        .to_vec()
                    fault
                />
                <Members
                    id="strategies"
                    legend="Fine-tuning"
                    field="strategies"
                    of=settings.strategies
                    members=REGIMES
                        .map(|(regime, words)| (regime, format!("regime-{regime}"), words))
                        .to_vec()
                    fault
                />
                <fieldset aria-describedby=move || is_of(fault, "splits").then_some("splits-fault")>
                    <legend>"Prompts of each language (0: none)"</legend>
                    <div class="fields top">
                        {settings
                            .splits
                            .map(|(split, prompts)| {
                                view! {
                                    <TextField
                                        id=split_id(split)
                                        label=split.name()
                                        field=split_field(split)
                                        value=prompts
                                        fault
                                    />
                                }
                            })
                            .collect_view()}
                    </div>
                    <FaultOf id="splits" field="splits" fault />
                </fieldset>
            </div>
            <MoreSettings settings fault />
            <p id="wrong-study" class="bad" role="status">
                {said}
            </p>
            <div class="buttons">
                <button id="start-study" type="submit" class="primary" disabled=disabled>
                    "Start"
                </button>
                <button id="make-study" type="button" disabled=disabled on:click=move |_| make(false)>
                    "Make it, start later"
                </button>
            </div>
        </form>
    }
}

/// Whether the server knows the model and does not have it.
fn missing(facts: ServerFacts, model: &str) -> bool {
    facts.models.with(|models| match models {
        Some(Ok(list)) => list
            .models
            .iter()
            .any(|known| known.id == model && !known.installed),
        _ => false,
    })
}

/// The field that the server refused, as the form calls it.
fn refused_field(failure: &RemoteFailure) -> Option<FieldError> {
    let RemoteFailure::Refused(detail) = failure else {
        return None;
    };
    let field = detail.field.as_deref()?;
    let field = field.strip_prefix("spec.").unwrap_or(field);
    Some(FieldError::new(field, detail.message.clone()))
}

fn split_id(split: EvaluationSplit) -> &'static str {
    match split {
        EvaluationSplit::ToxicTrain => "split-toxic-train",
        EvaluationSplit::ToxicTest => "split-toxic-test",
        EvaluationSplit::NeutralTest => "split-neutral-test",
    }
}
