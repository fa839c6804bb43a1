//! Whether both sides wrote the same, and how alike they find the same text.

use leptos::prelude::*;

use super::token_text::visible;
use crate::components::figures;
use crate::components::veiled::Veiled;
use crate::state::comparison::{Comparison, Forced, Tokens};
use crate::state::run::Run;

/// Tokens shown before the first difference.
const CONTEXT: usize = 12;

#[component]
pub fn AgreementPanel(
    comparison: Comparison,
    browser: RwSignal<Run>,
    server: RwSignal<Run>,
    /// BCP-47 code of the prompt, or nothing.
    language: RwSignal<String>,
) -> impl IntoView {
    let Comparison {
        tokens,
        unlike,
        forced,
    } = comparison;
    let open = RwSignal::new(false);
    // What the reader asked to see was the text before.
    Effect::new(move |_| {
        tokens.track();
        open.set(false);
    });
    let first_difference = move || tokens.get().and_then(|tokens| tokens.difference);
    view! {
        <section id="agreement" class="section" aria-labelledby="agreement-title">
            <h2 id="agreement-title">"Agreement"</h2>
            {move || unlike.get().map(|why| view! { <p class="bad">{why}</p> })}
            <Show
                when=move || tokens.with(Option::is_some)
                fallback=move || {
                    view! {
                        <p class="quiet" id="no-agreement">
                            "When both sides have run the same text, this says where they first differ and how alike they find every token."
                        </p>
                    }
                }
            >
                <dl class="agreement-figures">
                    <div>
                        <dt>"First difference"</dt>
                        <dd id="first-difference">{move || tokens.get().map(difference)}</dd>
                    </div>
                    <div>
                        <dt>"Top-1 agreement"</dt>
                        <dd id="top-1">{move || top_1(&forced.get())}</dd>
                    </div>
                    <div>
                        <dt>"Largest difference of a log-probability"</dt>
                        <dd id="largest-difference">{move || largest(&forced.get())}</dd>
                    </div>
                </dl>
                <p class="quiet small">
                    "The last two under forced decoding: both sides are given the tokens that the server chose."
                </p>
                {move || match forced.get() {
                    Forced::Failed(problem) => {
                        Some(view! { <p class="bad" id="forced-problem">{problem.message}</p> })
                    }
                    _ => None,
                }}
                {move || {
                    first_difference()
                        .map(|at| {
                            view! {
                                <Veiled what="the text around the first difference" open>
                                    <DifferenceInContext at browser server language />
                                </Veiled>
                            }
                        })
                }}
            </Show>
        </section>
    }
}

fn difference(tokens: Tokens) -> String {
    let stopped = if tokens.stopped {
        " before the stop"
    } else {
        ""
    };
    match tokens.difference {
        None => format!("none in {} tokens{stopped}", tokens.longest),
        Some(at) => format!("token {} of {}", at + 1, tokens.longest),
    }
}

fn top_1(forced: &Forced) -> String {
    match forced {
        Forced::None | Forced::Failed(_) => "–".to_owned(),
        Forced::UnderWay => "comparing…".to_owned(),
        Forced::Done(agreement) => format!(
            "{:.1} % ({} of {})",
            agreement.top_1() * 100.0,
            agreement.same_top,
            agreement.tokens
        ),
    }
}

fn largest(forced: &Forced) -> String {
    match forced {
        Forced::None | Forced::Failed(_) => "–".to_owned(),
        Forced::UnderWay => "comparing…".to_owned(),
        Forced::Done(agreement) => format!(
            "{:.5} at token {}",
            agreement.largest_difference,
            agreement.largest_at + 1
        ),
    }
}

/// The common text, then what each side put there.
#[component]
fn DifferenceInContext(
    at: usize,
    browser: RwSignal<Run>,
    server: RwSignal<Run>,
    language: RwSignal<String>,
) -> impl IntoView {
    let common = move || {
        server.with(|run| {
            let begin = at.saturating_sub(CONTEXT);
            let before = if begin == 0 {
                run.prompt.as_str()
            } else {
                "…"
            };
            run.tokens
                .iter()
                .take(at)
                .skip(begin)
                .map(|token| token.text.as_str())
                .fold(before.to_owned(), |text, token| text + token)
        })
    };
    let chosen = move |run: RwSignal<Run>| {
        run.with(|run| match run.tokens.get(at) {
            Some(token) => (
                visible(&token.text),
                token
                    .logprob
                    .map(figures::log_probability)
                    .unwrap_or_default(),
            ),
            None => ("ended here".to_owned(), String::new()),
        })
    };
    view! {
        <div id="difference-in-context">
            <p class="text" dir="auto" lang=move || language.get()>
                {common}
            </p>
            <ul class="choices">
                <li>
                    "This browser: "
                    <code dir="auto">{move || chosen(browser).0}</code>
                    " "
                    {move || chosen(browser).1}
                </li>
                <li>
                    "Server: "
                    <code dir="auto">{move || chosen(server).0}</code>
                    " "
                    {move || chosen(server).1}
                </li>
            </ul>
        </div>
    }
}
