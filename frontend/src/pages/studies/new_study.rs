//! A new study: from a preset, with the settings that matter most.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::FieldError;
use protocol::language::Language;
use protocol::study::api::{NewStudy, PresetEntry, PresetList};
use protocol::study::{EvaluationSplit, Regime, StudySpec};

use crate::components::answered::answered;
use crate::components::choice_field::ChoiceField;
use crate::remote::studies;
use crate::state::document::Document;
use crate::state::server_facts::ServerFacts;

/// Ways to fine-tune that the form offers, with their words.
const REGIMES: [(Regime, &str); 5] = [
    (Regime::CrossLingual, "X-FT: each language alone"),
    (Regime::Partial(10), "P-FT: 10 % of all"),
    (Regime::Partial(20), "P-FT: 20 % of all"),
    (Regime::Partial(30), "P-FT: 30 % of all"),
    (Regime::Multilingual, "M-FT: all together"),
];

/// The form; `made` gets the name of the study that it made.
#[component]
pub fn NewStudyForm(made: Callback<String>) -> impl IntoView {
    let presets = Document::<PresetList>::at(|| Some("/api/studies/presets".to_owned()));
    view! {
        <section class="section" aria-labelledby="new-study-title">
            <h2 id="new-study-title">"A new study"</h2>
            {answered(presets, move |list| view! { <Form presets=list.presets made /> })}
        </section>
    }
}

/// Settings as they stand in the form; the rest is the preset's.
#[derive(Clone, Copy)]
struct Settings {
    name: RwSignal<String>,
    model: RwSignal<String>,
    languages: RwSignal<Vec<Language>>,
    strategies: RwSignal<Vec<Regime>>,
    epochs: RwSignal<String>,
    seeds: RwSignal<String>,
    splits: [(EvaluationSplit, RwSignal<String>); 3],
}

impl Settings {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            name: text(),
            model: text(),
            languages: RwSignal::new(Vec::new()),
            strategies: RwSignal::new(Vec::new()),
            epochs: text(),
            seeds: text(),
            splits: EvaluationSplit::ALL.map(|split| (split, text())),
        }
    }

    fn fill(&self, spec: &StudySpec) {
        self.name.set(spec.name.clone());
        self.model.set(spec.model.clone());
        self.languages.set(spec.languages.clone());
        self.strategies.set(spec.strategies.clone());
        self.epochs.set(spec.training.epochs.to_string());
        let seeds: Vec<String> = spec.seeds.iter().map(ToString::to_string).collect();
        self.seeds.set(seeds.join(", "));
        for (split, prompts) in self.splits {
            let wanted = spec.splits.get(&split).copied().unwrap_or(0);
            prompts.set(wanted.to_string());
        }
    }

    /// The preset with these settings.
    fn spec(&self, preset: &StudySpec) -> Result<StudySpec, FieldError> {
        let mut spec = preset.clone();
        spec.name = self.name.get().trim().to_owned();
        spec.model = self.model.get();
        spec.languages = Language::ALL
            .into_iter()
            .filter(|language| self.languages.with(|chosen| chosen.contains(language)))
            .collect();
        spec.strategies = [Regime::ZeroShot]
            .into_iter()
            .chain(
                REGIMES
                    .into_iter()
                    .map(|(regime, _)| regime)
                    .filter(|regime| self.strategies.with(|chosen| chosen.contains(regime))),
            )
            .collect();
        spec.training.epochs = number("training.epochs", &self.epochs.get())?;
        let seeds = self.seeds.get();
        spec.seeds = seeds
            .split([',', ' '])
            .filter(|seed| !seed.is_empty())
            .map(|seed| number("seeds", seed))
            .collect::<Result<_, _>>()?;
        spec.splits.clear();
        for (split, prompts) in self.splits {
            let prompts: usize = number(&format!("splits.{split}"), &prompts.get())?;
            if prompts > 0 {
                spec.splits.insert(split, prompts);
            }
        }
        spec.validate()?;
        Ok(spec)
    }
}

fn number<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, FieldError> {
    text.trim()
        .parse()
        .map_err(|_| FieldError::new(field, format!("`{text}` is no number that fits here")))
}

#[component]
fn Form(presets: Vec<PresetEntry>, made: Callback<String>) -> impl IntoView {
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
    let wrong = RwSignal::new(None::<String>);
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
                    wrong.try_set(Some(failure.to_string()));
                }
            }
        });
    };
    let fault = move || {
        spec.with(|spec| match spec {
            Some(Err(error)) => Some(error.to_string()),
            _ => None,
        })
        .or_else(|| wrong.get())
    };
    let disabled = move || sending.get() || !spec.with(|spec| matches!(spec, Some(Ok(_))));
    let text = move |id: &'static str, label: &'static str, value: RwSignal<String>| {
        view! {
            <label>
                {label}
                <input
                    id=id
                    class=if id == "study-name" { "" } else { "number" }
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
            </label>
        }
    };
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
            <div class="fields">
                <ChoiceField
                    id="preset"
                    label="Preset"
                    options=Signal::stored(names)
                    value=Signal::derive(move || chosen.get().unwrap_or_default())
                    choose=Callback::new(move |name| chosen.set(Some(name)))
                />
                {text("study-name", "Name", settings.name)}
                <ChoiceField
                    id="study-model"
                    label="Model"
                    options=models
                    value=settings.model
                    choose=Callback::new(move |model| settings.model.set(model))
                />
                {text("epochs", "Epochs", settings.epochs)}
                {text("seeds", "Seeds", settings.seeds)}
            </div>
            <p class="quiet small">{move || preset.get().map(|preset| preset.about)}</p>
            <div class="fields top">
                <fieldset>
                    <legend>"Languages"</legend>
                    <div class="buttons">
                        {Language::ALL
                            .map(|language| {
                                view! {
                                    <Member
                                        of=settings.languages
                                        member=language
                                        id=format!("language-{language}")
                                        words=language.endonym()
                                    />
                                }
                            })
                            .collect_view()}
                    </div>
                </fieldset>
                <fieldset>
                    <legend>"Fine-tuning"</legend>
                    <div class="buttons">
                        {REGIMES
                            .map(|(regime, words)| {
                                view! {
                                    <Member
                                        of=settings.strategies
                                        member=regime
                                        id=format!("regime-{regime}")
                                        words
                                    />
                                }
                            })
                            .collect_view()}
                    </div>
                </fieldset>
                <fieldset>
                    <legend>"Prompts of each language (0: none)"</legend>
                    <div class="fields">
                        {settings
                            .splits
                            .map(|(split, prompts)| text(split_id(split), split.name(), prompts))
                            .collect_view()}
                    </div>
                </fieldset>
            </div>
            <p id="wrong-study" class="bad" role="status">
                {fault}
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

fn split_id(split: EvaluationSplit) -> &'static str {
    match split {
        EvaluationSplit::ToxicTrain => "split-toxic-train",
        EvaluationSplit::ToxicTest => "split-toxic-test",
        EvaluationSplit::NeutralTest => "split-neutral-test",
    }
}

/// A box that puts something into a list and takes it out.
#[component]
fn Member<T: PartialEq + Copy + Send + Sync + 'static>(
    of: RwSignal<Vec<T>>,
    member: T,
    id: String,
    words: &'static str,
) -> impl IntoView {
    view! {
        <label class="inline-field">
            <input
                id=id
                type="checkbox"
                prop:checked=move || of.with(|of| of.contains(&member))
                on:change=move |event| {
                    let wanted = event_target_checked(&event);
                    of.update(|of| {
                        of.retain(|other| *other != member);
                        if wanted {
                            of.push(member);
                        }
                    });
                }
            />
            <bdi>{words}</bdi>
        </label>
    }
}
