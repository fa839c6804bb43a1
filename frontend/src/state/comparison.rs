//! Whether the last runs of both columns agree.

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::agreement::{Agreement, first_difference};
use protocol::api::forced_decoding::{COMPLETION_TOKENS_LIMIT, ForcedDecodingRequest};
use protocol::generation::FinishReason;
use protocol::provenance::AdapterProvenance;
use web_sys::{AbortController, AbortSignal};

use super::problem::Problem;
use super::run::{Phase, Run};
use super::runner::{Column, Runner};

/// The tokens that both sides chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    /// The first position at which they differ.
    pub difference: Option<usize>,
    /// The longer of the two.
    pub longest: usize,
    /// One was stopped, so that the end of the shorter one is no difference.
    pub stopped: bool,
}

/// Both sides on the same text.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Forced {
    /// There is nothing to compare.
    #[default]
    None,
    /// Both are asked.
    UnderWay,
    /// Both have answered.
    Done(Agreement),
    /// One of them, or both, cannot.
    Failed(Problem),
}

/// The comparison of two columns, which follows them.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Once both have ended with tokens.
    pub tokens: Memo<Option<Tokens>>,
    /// Why two ended runs cannot be compared.
    pub unlike: Memo<Option<&'static str>>,
    /// Under forced decoding.
    pub forced: RwSignal<Forced>,
}

impl Comparison {
    /// Compares whenever both have ended.
    pub fn of<A: Runner, B: Runner>(one: Column<A>, other: Column<B>) -> Self {
        let unlike = Memo::new(move |_| {
            one.run
                .with(|one| other.run.with(|other| why_unlike(one, other)))
        });
        let tokens = Memo::new(move |_| {
            one.run.with(|one| {
                other.run.with(|other| {
                    let comparable = ended(one) && ended(other) && why_unlike(one, other).is_none();
                    comparable.then(|| compare(one, other))
                })
            })
        });
        let forced = RwSignal::new(Forced::None);
        let stop = StoredValue::new_local(None::<AbortController>);
        let halt = move || {
            stop.try_update_value(|stop| {
                if let Some(stop) = stop.take() {
                    stop.abort();
                }
            });
        };
        // The numbers tell one pair of runs from the next with the same outcome.
        let pair = Memo::new(move |_| {
            tokens.with(Option::is_some).then(|| {
                (
                    one.run.with(|run| run.number),
                    other.run.with(|run| run.number),
                )
            })
        });
        Effect::new(move |_| {
            halt();
            forced.set(Forced::None);
            let Some(request) = pair.get().and_then(|_| other.run.with_untracked(request)) else {
                return;
            };
            let Ok(controller) = AbortController::new() else {
                return;
            };
            let signal = controller.signal();
            stop.set_value(Some(controller));
            forced.set(Forced::UnderWay);
            let (one, other) = (one.runner(), other.runner());
            spawn_local(async move {
                let outcome = force(&one, &other, request, &signal).await;
                if !signal.aborted() {
                    forced.try_set(outcome);
                }
            });
        });
        on_cleanup(halt);
        Self {
            tokens,
            unlike,
            forced,
        }
    }
}

fn ended(run: &Run) -> bool {
    matches!(run.phase, Phase::Ended(_)) && !run.tokens.is_empty()
}

fn why_unlike(one: &Run, other: &Run) -> Option<&'static str> {
    let (Some(first), Some(second)) = (&one.provenance, &other.provenance) else {
        return None;
    };
    if one.prompt != other.prompt {
        Some("The two sides continued different texts.")
    } else if first.sha256 != second.sha256 {
        Some(
            "The two sides ran different weights; remove the model from this browser and run again.",
        )
    } else if first.adapter != second.adapter {
        Some("The two sides used different adapters; run again.")
    } else {
        None
    }
}

fn compare(one: &Run, other: &Run) -> Tokens {
    let (first, second) = (one.ids(), other.ids());
    let stopped = [one, other]
        .iter()
        .any(|run| run.phase == Phase::Ended(FinishReason::Cancelled));
    let shorter = first.len().min(second.len());
    Tokens {
        difference: first_difference(&first, &second).filter(|at| !stopped || *at < shorter),
        longest: first.len().max(second.len()),
        stopped,
    }
}

/// The completion of this run, for both.
fn request(run: &Run) -> Option<ForcedDecodingRequest> {
    let mut completion = run.ids();
    completion.truncate(COMPLETION_TOKENS_LIMIT);
    let model = run.provenance.as_ref()?.model.clone();
    Some(ForcedDecodingRequest {
        model: Some(model),
        prompt: run.prompt.clone(),
        completion,
        adapter: run
            .provenance
            .as_ref()?
            .adapter
            .as_ref()
            .map(AdapterProvenance::choice),
    })
}

async fn force<A: Runner, B: Runner>(
    one: &A,
    other: &B,
    request: ForcedDecodingRequest,
    stop: &AbortSignal,
) -> Forced {
    // One after the other: where both are the same machine, each has it for itself.
    let first = match one.force(request.clone(), stop).await {
        Ok(first) => first,
        Err(problem) => return Forced::Failed(problem),
    };
    let second = match other.force(request, stop).await {
        Ok(second) => second,
        Err(problem) => return Forced::Failed(problem),
    };
    match Agreement::between(&first.tokens, &second.tokens) {
        Some(agreement) => Forced::Done(agreement),
        None => Forced::Failed(Problem {
            message: "The two sides answered about different texts.".to_owned(),
            ways_out: Vec::new(),
        }),
    }
}
