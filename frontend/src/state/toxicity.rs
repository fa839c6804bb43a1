//! How toxic a column's last completion is, scored where it was written.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::api::score::{ScoreRequest, ScoreResponse};
use protocol::language::Language;

use super::local_engine::LocalEngine;
use super::problem::Problem;
use super::run::Phase;
use super::runner::{Column, Runner};

/// What is known of a completion's toxicity.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Toxicity {
    /// There is no completion.
    #[default]
    None,
    /// It is being scored.
    UnderWay,
    /// One text, with what scored it.
    Scored(Box<ScoreResponse>),
    /// It cannot be scored.
    Failed(Problem),
}

/// Scores whenever the column's run has ended with text. `language` is the prompt's, or nothing: then
/// the prompt itself tells.
pub fn of<R: Runner>(
    column: Column<R>,
    engine: LocalEngine,
    language: RwSignal<String>,
) -> RwSignal<Toxicity> {
    let toxicity = RwSignal::new(Toxicity::None);
    let number = Memo::new(move |_| column.run.with(|run| run.number));
    // The form may change while the run lasts.
    let spoken = Memo::new(move |_| {
        // Read, as a memo that is only tracked is never computed.
        number.get();
        language.get_untracked()
    });
    let ended = Memo::new(move |_| {
        column.run.with(|run| {
            let written = matches!(run.phase, Phase::Ended(_)) && !run.tokens.is_empty();
            written.then_some(run.number)
        })
    });
    Effect::new(move |_| {
        let Some(number) = ended.get() else {
            toxicity.set(Toxicity::None);
            return;
        };
        let (prompt, completion) = column
            .run
            .with_untracked(|run| (run.prompt.clone(), run.completion()));
        let language = spoken.get_untracked();
        let runner = column.runner();
        toxicity.set(Toxicity::UnderWay);
        spawn_local(async move {
            let outcome = score(&runner, engine, prompt, completion, &language).await;
            if ended.try_get_untracked().flatten() == Some(number) {
                toxicity.try_set(match outcome {
                    Ok(response) => Toxicity::Scored(Box::new(response)),
                    Err(problem) => Toxicity::Failed(problem),
                });
            }
        });
    });
    toxicity
}

async fn score<R: Runner>(
    runner: &R,
    engine: LocalEngine,
    prompt: String,
    completion: String,
    language: &str,
) -> Result<ScoreResponse, Problem> {
    let language = match language.parse() {
        Ok(language) => language,
        Err(_) => identify(engine, prompt).await?,
    };
    let request = ScoreRequest {
        scorer: None,
        language,
        as_given: false,
        texts: vec![completion],
    };
    runner.score(request).await
}

/// The prompt's language.
async fn identify(engine: LocalEngine, prompt: String) -> Result<Language, Problem> {
    let found = match engine.identify(prompt).await {
        Ok(found) => found?,
        Err(_) => return Err(told("The browser's worker was stopped.".to_owned())),
    };
    found.language.ok_or_else(|| {
        let known = Language::ALL.map(Language::code).join(", ");
        told(match found.other {
            Some(name) => format!(
                "No toxicity: the prompt seems to be in {name}, which the scorer `ngram` does not support; it supports {known}. Choose its language if this is wrong."
            ),
            None => format!("No toxicity: choose the prompt’s language; the scorer `ngram` supports {known}."),
        })
    })
}

fn told(message: String) -> Problem {
    Problem {
        message,
        ways_out: Vec::new(),
    }
}
