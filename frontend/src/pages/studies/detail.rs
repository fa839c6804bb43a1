//! One study: what it is to do, how far it is, and the buttons that start and stop it.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::study::{StudySpec, StudyState, StudyStatus, StudySummary};

use super::compare::Compare;
use super::history::state_name;
use super::loss_curves::LossCurves;
use super::progress::Progress;
use crate::components::facts::Facts;
use crate::components::figures;
use crate::components::flag::Flag;
use crate::remote::address::segment;
use crate::remote::studies::Action;
use crate::state::watched_study::WatchedStudy;

/// A study that is followed as long as it is shown.
#[component]
pub fn Detail(
    name: String,
    /// All studies, as the list has them.
    studies: Signal<Vec<StudySummary>>,
    /// Its state is another one than before.
    changed: Callback<()>,
) -> impl IntoView {
    let study = WatchedStudy::of(name.clone());
    let status = move || study.status.get().and_then(Result::ok);
    let state = Memo::new(move |_| {
        study.status.with(|status| match status {
            Some(Ok(status)) => Some(status.summary.state),
            _ => None,
        })
    });
    Effect::new(move |before: Option<Option<StudyState>>| {
        let now = state.get();
        if before.flatten().is_some_and(|before| Some(before) != now) {
            changed.run(());
        }
        now
    });
    // Another page, or the command line, may have begun or stopped it.
    let listed = {
        let name = name.clone();
        Memo::new(move |_| {
            let state = |study: &StudySummary| (study.name == name).then_some(study.state);
            studies.with(|studies| studies.iter().find_map(state))
        })
    };
    Effect::new(move |_| {
        if let Some(listed) = listed.get() {
            study.compare(listed);
        }
    });
    let failure = move || {
        study.status.with(|status| match status {
            Some(Err(failure)) => Some(failure.to_string()),
            Some(Ok(status)) => status.summary.failure.clone(),
            None => None,
        })
    };
    // What it is to do never changes; the rest does, several times a second.
    let known = Memo::new(move |_| {
        let status = status()?;
        Some((
            status.summary.title,
            status.summary.label,
            status.summary.read_only,
            status.spec,
        ))
    });
    view! {
        <section id="study" class="section" aria-labelledby="study-title">
            {move || match known.get() {
                None => view! { <h2 id="study-title">{name.clone()}</h2> }.into_any(),
                Some((title, label, read_only, spec)) => {
                    let matrices = format!("/matrices?study={}", segment(&spec.name));
                    view! {
                        <div class="buttons">
                            <h2 id="study-title">{spec.name.clone()}</h2>
                            {label.map(|label| view! { <Flag word=label /> })}
                            <span id="study-state" class="state" role="status">
                                {move || state.get().map(state_name)}
                            </span>
                            <span class="push-end buttons">
                                {(!read_only).then(|| view! { <Buttons study state /> })}
                                <Compare name=spec.name.clone() studies />
                                <A href=matrices>"Matrices"</A>
                            </span>
                        </div>
                        <p>{title}</p>
                        <Facts id="study-facts" rows=facts(&spec) />
                    }
                        .into_any()
                }
            }}
            <Show when=move || study.lost.get()>
                <p id="study-lost" class="problem" role="status">
                    "The server does not answer; trying again."
                </p>
            </Show>
            {move || failure().map(|failure| view! { <p class="problem" role="alert">{failure}</p> })}
            {move || {
                study
                    .problem
                    .get()
                    .map(|problem| view! { <p class="problem" role="alert">{problem.to_string()}</p> })
            }}
            <Progress study />
            <LossCurves study />
        </section>
    }
}

#[component]
fn Buttons(study: WatchedStudy, state: Memo<Option<StudyState>>) -> impl IntoView {
    let running = move || state.get() == Some(StudyState::Running);
    let startable = move || {
        !matches!(
            state.get(),
            None | Some(StudyState::Running | StudyState::Finished)
        )
    };
    view! {
        <Show when=startable>
            <button
                id="run-study"
                type="button"
                class="primary"
                on:click=move |_| study.act(Action::Run)
            >
                {move || if state.get() == Some(StudyState::New) { "Run" } else { "Continue" }}
            </button>
        </Show>
        <Show when=running>
            <button
                id="pause-study"
                type="button"
                title="Stops after the piece under way"
                on:click=move |_| study.act(Action::Pause)
            >
                "Pause"
            </button>
            <button
                id="cancel-study"
                type="button"
                title="Stops at once; the piece under way is done again later"
                on:click=move |_| study.act(Action::Cancel)
            >
                "Cancel"
            </button>
        </Show>
    }
}

fn facts(spec: &StudySpec) -> Vec<(&'static str, String)> {
    let list = |items: Vec<String>| items.join(", ");
    let splits: Vec<String> = spec
        .splits
        .iter()
        .map(|(split, prompts)| format!("{split} {prompts}"))
        .collect();
    vec![
        ("Model", spec.model.clone()),
        (
            "Fine-tuning",
            format!(
                "{}; LoRA of rank {}, {}",
                list(spec.strategies.iter().map(ToString::to_string).collect()),
                spec.training.rank,
                length(spec),
            ),
        ),
        (
            "Languages",
            list(spec.languages.iter().map(ToString::to_string).collect()),
        ),
        (
            "Seeds",
            list(spec.seeds.iter().map(ToString::to_string).collect()),
        ),
        (
            "Prompts of each language",
            format!(
                "{}, {} of each prompt",
                splits.join(", "),
                completions(spec)
            ),
        ),
        ("Scorers", spec.scorers.join(", ")),
    ]
}

/// How long each adapter is trained: whichever of the two limits comes first.
fn length(spec: &StudySpec) -> String {
    let epochs = match spec.training.epochs {
        1 => "1 epoch".to_owned(),
        many => format!("{many} epochs"),
    };
    match spec.training.max_steps {
        Some(updates) => format!("at most {updates} updates (and at most {epochs})"),
        None => epochs,
    }
}

fn completions(spec: &StudySpec) -> String {
    match spec.generations {
        1 => "one completion".to_owned(),
        many => format!("{many} completions"),
    }
}

/// What was expected before it began.
pub fn plan(status: &StudyStatus) -> Option<String> {
    let plan = status.plan.as_ref()?;
    let mut told = format!(
        "{} cells, {} completions of at most {} tokens in all, {} tokens to train on; {} expected from {}, up to {} of memory.",
        plan.cells,
        plan.completions,
        plan.generated_tokens,
        plan.train_tokens,
        figures::seconds(plan.seconds),
        plan.estimated_from,
        figures::bytes(plan.memory_bytes),
    );
    for shortfall in &plan.shortfalls {
        told.push_str(&format!(" {shortfall}."));
    }
    Some(told)
}
