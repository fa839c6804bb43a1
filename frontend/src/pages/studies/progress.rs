//! How far a study is: pieces by kind, the piece under way, its rate, and the time that is left.

use leptos::prelude::*;
use protocol::study::{PieceKind, StudyStatus};

use super::detail::plan;
use crate::components::figures;
use crate::state::watched_study::WatchedStudy;

#[component]
pub fn Progress(study: WatchedStudy) -> impl IntoView {
    let read = move |read: fn(&StudyStatus) -> Option<String>| {
        Memo::new(move |_| {
            study.status.with(|status| match status {
                Some(Ok(status)) => read(status),
                _ => None,
            })
        })
    };
    let kinds = PieceKind::ALL
        .map(|kind| {
            let count = Memo::new(move |_| {
                study.status.with(|status| match status {
                    Some(Ok(status)) => status
                        .pieces
                        .iter()
                        .find(|count| count.kind == kind && count.total > 0)
                        .map(|count| (count.done, count.total)),
                    _ => None,
                })
            });
            view! {
                <Show when=move || count.with(Option::is_some)>
                    <label class="piece" data-piece=kind.name()>
                        <span>{what(kind)}</span>
                        <progress
                            max=move || count.get().map_or(1, |(_, total)| total)
                            prop:value=move || count.get().map_or(0.0, |(done, _)| done as f64)
                        ></progress>
                        <span class="number">
                            {move || count.get().map(|(done, total)| format!("{done} / {total}"))}
                        </span>
                    </label>
                </Show>
            }
        })
        .collect_view();
    let current = read(|status| {
        let current = status.current.as_ref()?;
        Some(format!(
            "{} {}: {:.0} %",
            current.kind.name(),
            current.label,
            current.fraction * 100.0
        ))
    });
    let rate = read(|status| Some(format!("{:.0} tokens/s", status.tokens_per_second?)));
    let eta = read(|status| Some(format!("{} left", figures::seconds(status.eta_seconds?))));
    let elapsed = read(|status| {
        (status.elapsed_seconds > 0.0)
            .then(|| format!("{} of work", figures::seconds(status.elapsed_seconds)))
    });
    let planned = read(plan);
    view! {
        <div class="pieces">{kinds}</div>
        <p id="study-current" class="small">
            {move || current.get()}
        </p>
        <p id="study-rate" class="small quiet">
            {move || {
                [rate.get(), elapsed.get(), eta.get()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", ")
            }}
        </p>
        <p class="small quiet">{move || planned.get()}</p>
        <ul class="bare small quiet" aria-label="Last pieces">
            {move || {
                study.news.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
            }}
        </ul>
    }
}

fn what(kind: PieceKind) -> &'static str {
    match kind {
        PieceKind::Train => "Adapters trained",
        PieceKind::Generate => "Completions written",
        PieceKind::Score => "Completions scored",
        PieceKind::Perplexity => "Perplexities measured",
        PieceKind::Matrix => "Matrices",
    }
}
