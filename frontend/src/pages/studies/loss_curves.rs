//! How the trainings of a study went: one small curve an adapter.

use std::fmt::Write;

use leptos::prelude::*;
use protocol::study::{LossCurve, Strategy};

use crate::state::watched_study::WatchedStudy;

/// Size of a picture, in its own units.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 56.0;

#[component]
pub fn LossCurves(study: WatchedStudy) -> impl IntoView {
    let curve = move |key: (Strategy, u64)| {
        study.status.with(|status| match status {
            Some(Ok(status)) => status
                .losses
                .iter()
                .find(|curve| (curve.strategy, curve.seed) == key)
                .cloned(),
            _ => None,
        })
    };
    let keys = Memo::new(move |_| {
        study.status.with(|status| match status {
            Some(Ok(status)) => status
                .losses
                .iter()
                .filter(|curve| !curve.points.is_empty())
                .map(|curve| (curve.strategy, curve.seed))
                .collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    });
    view! {
        <Show when=move || keys.with(|keys| !keys.is_empty())>
            <h3>"Loss of each training"</h3>
            <ul class="bare curves">
                <For each=move || keys.get() key=|key| *key let:key>
                    {
                        let curve = Memo::new(move |_| curve(key));
                        view! { <li>{move || curve.get().map(picture)}</li> }
                    }
                </For>
            </ul>
        </Show>
    }
}

fn picture(curve: LossCurve) -> impl IntoView {
    let name = format!("{}, seed {}", curve.strategy, curve.seed);
    let (first, last) = (curve.points.first(), curve.points.last());
    let ends = first.zip(last).map_or_else(String::new, |(first, last)| {
        format!(
            "{:.2} → {:.2} nats, step {}",
            first.loss, last.loss, last.step
        )
    });
    let told = format!("Loss of {name}: {ends}");
    view! {
        <figure>
            <figcaption class="small">
                {name} <span class="quiet">{format!(" {ends}")}</span>
            </figcaption>
            <svg
                class="curve"
                viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                role="img"
                aria-label=told
                preserveAspectRatio="none"
            >
                <path d=path(&curve) fill="none" vector-effect="non-scaling-stroke"></path>
            </svg>
        </figure>
    }
}

/// The line through all steps, from the least to the largest loss.
fn path(curve: &LossCurve) -> String {
    let losses = || curve.points.iter().map(|point| point.loss);
    let low = losses().fold(f64::INFINITY, f64::min);
    let high = losses().fold(f64::NEG_INFINITY, f64::max);
    let steps = curve.points.last().map_or(1, |point| point.step).max(2) as f64;
    let mut path = String::new();
    for point in &curve.points {
        let x = (point.step as f64 - 1.0) / (steps - 1.0) * WIDTH;
        let y = HEIGHT - (point.loss - low) / (high - low).max(1e-9) * HEIGHT;
        let sign = if path.is_empty() { 'M' } else { 'L' };
        // Writing to a string does not fail.
        let _ = write!(path, "{sign}{x:.1} {y:.1}");
    }
    path
}
