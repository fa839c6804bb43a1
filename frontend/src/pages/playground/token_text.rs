//! The text token by token, each shaded by how unlikely it was, with a line that tells about the one
//! that is pointed at.

use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::reactive::computed::Selector;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget};

use crate::components::figures;
use crate::state::run::{Run, Token};

/// A token is shaded by the first of these that its probability does not reach.
const SHADES: [(f32, &str); 4] = [
    (0.01, "token shade-4"),
    (0.1, "token shade-3"),
    (0.3, "token shade-2"),
    (0.6, "token shade-1"),
];

#[component]
pub fn TokenText(
    run: RwSignal<Run>,
    language: RwSignal<String>,
    label: &'static str,
) -> impl IntoView {
    let prompt = Memo::new(move |_| run.with(|run| run.prompt.clone()));
    let rest = Memo::new(move |_| run.with(|run| run.rest.clone()));
    let pointed = RwSignal::new(None);
    let marked = Selector::new(move || pointed.get());
    let point = move |target: Option<EventTarget>| {
        if let Some(index) = target.and_then(token_index) {
            pointed.set(Some(index));
        }
    };
    // Arrow keys follow the reading order: right is onwards where the text runs to the right.
    let key = move |event: KeyboardEvent| {
        let last = run.with_untracked(|run| run.tokens.len().saturating_sub(1));
        let step = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            "Home" => isize::MIN,
            "End" => isize::MAX,
            _ => return,
        };
        event.prevent_default();
        let step =
            if matches!(event.key().as_str(), "ArrowRight" | "ArrowLeft") && leftwards(&event) {
                -step
            } else {
                step
            };
        pointed.update(|pointed| {
            *pointed =
                Some(pointed.map_or(0, |at: usize| at.saturating_add_signed(step).min(last)));
        });
    };
    view! {
        <div
            class="text"
            dir="auto"
            lang=move || language.get()
            tabindex="0"
            role="group"
            aria-label=format!("{label}: the text; arrow keys go from token to token")
            on:mouseover=move |event: MouseEvent| point(event.target())
            on:keydown=key
            on:blur=move |_: FocusEvent| pointed.set(None)
        >
            <span class="quiet prompt">{prompt}</span>
            <For
                each=move || run.with(|run| {
                    let number = run.number;
                    (0..run.tokens.len()).map(move |index| (number, index))
                })
                key=|key| *key
                children={
                    let marked = marked.clone();
                    move |(_, index)| {
                        let marked = marked.clone();
                        run.with_untracked(|run| {
                            run.tokens.get(index).map(|token| span(token, index, marked))
                        })
                    }
                }
            />
            <span class="rest">{rest}</span>
        </div>
        <p class="small inspector" aria-live="polite">
            {move || match pointed.get().and_then(|at| run.with(|run| run.tokens.get(at).cloned())) {
                Some(token) => about(token).into_any(),
                None => {
                    view! {
                        <span class="quiet">
                            "Point at a token for its probability; unlikely ones are shaded."
                        </span>
                    }
                        .into_any()
                }
            }}
        </p>
    }
}

fn span(token: &Token, index: usize, marked: Selector<Option<usize>>) -> impl IntoView + use<> {
    let class = token.logprob.and_then(|logprob| {
        let probability = logprob.exp();
        SHADES
            .into_iter()
            .find(|(limit, _)| probability < *limit)
            .map(|(_, class)| class)
    });
    view! {
        <span
            class=class.unwrap_or("token")
            class:marked=move || marked.selected(&Some(index))
            data-index=index
            data-token=token.id
            title=token.logprob.map(figures::log_probability)
        >
            {token.text.clone()}
        </span>
    }
}

fn about(token: Token) -> impl IntoView {
    let likeliest = token
        .alternatives
        .into_iter()
        .map(|other| {
            view! {
                <li>
                    <code dir="auto">{visible(&other.text)}</code>
                    {format!(" {}", figures::log_probability(other.logprob))}
                </li>
            }
        })
        .collect_view();
    view! {
        <code dir="auto">{visible(&token.text)}</code>
        {format!(" token {}: ", token.id)}
        <strong>{token.logprob.map(figures::log_probability)}</strong>
        <ul class="likeliest" aria-label="The likeliest tokens here">
            {likeliest}
        </ul>
    }
}

/// White space that can be seen.
pub fn visible(text: &str) -> String {
    if text.is_empty() {
        return "∅".to_owned();
    }
    text.replace(' ', "␣").replace('\n', "↵").replace('\t', "⇥")
}

fn token_index(target: EventTarget) -> Option<usize> {
    target
        .dyn_into::<Element>()
        .ok()?
        .get_attribute("data-index")?
        .parse()
        .ok()
}

fn leftwards(event: &KeyboardEvent) -> bool {
    event
        .current_target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| window().get_computed_style(&element).ok().flatten())
        .and_then(|style| style.get_property_value("direction").ok())
        .is_some_and(|direction| direction == "rtl")
}
