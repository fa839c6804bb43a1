//! Whether 0.8 means that eight of ten such texts are toxic: one plot a language.

use leptos::prelude::*;
use protocol::evaluation::LanguageEvaluation;

/// Side of a plot, in its own units.
const SIDE: f64 = 100.0;
/// Least and largest radius of a point.
const RADII: (f64, f64) = (1.5, 5.0);

#[component]
pub fn ReliabilityPlots(languages: Vec<LanguageEvaluation>) -> impl IntoView {
    let plots = languages
        .into_iter()
        .map(|one| view! { <li>{plot(one)}</li> })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="reliability-title">
            <h2 id="reliability-title">"Does a probability mean what it says?"</h2>
            <p class="quiet small">
                "Each point is a tenth of the scale: to the right the scorer’s probability, upwards the share of texts there that are toxic; larger points are more texts. On the line they agree."
            </p>
            <ul class="bare plots">{plots}</ul>
        </section>
    }
}

fn plot(one: LanguageEvaluation) -> impl IntoView {
    let largest = one.reliability.bins.iter().map(|bin| bin.count).max();
    let largest = largest.unwrap_or(1).max(1) as f64;
    let filled: Vec<_> = one
        .reliability
        .bins
        .iter()
        .filter(|bin| bin.count > 0)
        .collect();
    let told: Vec<String> = filled
        .iter()
        .map(|bin| {
            format!(
                "{:.2}: {:.0} % of {} toxic",
                bin.confidence,
                bin.toxic * 100.0,
                bin.count
            )
        })
        .collect();
    let points = filled
        .iter()
        .map(|bin| {
            let share = (bin.count as f64 / largest).sqrt();
            let radius = RADII.0 + (RADII.1 - RADII.0) * share;
            view! {
                <circle
                    cx=format!("{:.1}", bin.confidence * SIDE)
                    cy=format!("{:.1}", SIDE - bin.toxic * SIDE)
                    r=format!("{radius:.1}")
                ></circle>
            }
        })
        .collect_view();
    let language = one.language;
    view! {
        <figure>
            <figcaption class="small">
                {language.code()} " "
                <bdi lang=language.code() class="quiet">
                    {language.endonym()}
                </bdi>
                <span class="quiet">{format!(" error {:.3}", one.reliability.error)}</span>
            </figcaption>
            <svg
                class="plot"
                viewBox=format!("-6 -6 {0} {0}", SIDE + 12.0)
                role="img"
                aria-label=format!("Reliability in {language}: {}", told.join("; "))
            >
                <rect width=SIDE height=SIDE></rect>
                <line x1="0" y1=SIDE x2=SIDE y2="0"></line>
                {points}
            </svg>
        </figure>
    }
}
