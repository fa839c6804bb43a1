//! The shades and what they mean.

use leptos::prelude::*;

/// Shades on each side of zero.
const SHADES: f64 = 4.0;

/// The class of a gain's shade: four steps on each side of zero, by its share of the limit.
pub fn shade(gain: f64, limit: f64) -> &'static str {
    let step = (gain / limit * SHADES).abs().ceil().min(SHADES);
    match (gain > 0.0, step as u8) {
        (_, 0) => "",
        (true, 1) => "better-1",
        (true, 2) => "better-2",
        (true, 3) => "better-3",
        (true, _) => "better-4",
        (false, 1) => "worse-1",
        (false, 2) => "worse-2",
        (false, 3) => "worse-3",
        (false, _) => "worse-4",
    }
}

#[component]
pub fn Legend(
    limit: f64,
    decimals: usize,
    /// Numbers above zero are the better ones.
    rising_is_better: bool,
    masked: bool,
) -> impl IntoView {
    let step = limit / SHADES;
    let (worst, best) = match rising_is_better {
        true => ("−", "+"),
        false => ("+", "−"),
    };
    let worse = ["worse-4", "worse-3", "worse-2", "worse-1"];
    let better = ["better-1", "better-2", "better-3", "better-4"];
    let swatch = |class: &'static str| view! { <span class=format!("swatch {class}")></span> };
    view! {
        <p class="legend small quiet">
            <span>{format!("{worst}{limit:.decimals$} worse")}</span>
            <span class="swatches" aria-hidden="true">
                {worse.map(swatch).collect_view()}
                {better.map(swatch).collect_view()}
            </span>
            <span>{format!("better {best}{limit:.decimals$}")}</span>
            <span>{format!("one shade is {step:.decimals$}; outlined: trained and tested in one language")}</span>
            {masked
                .then(|| {
                    view! { <span>"In brackets, without a shade: the interval includes zero, it may be chance."</span> }
                })}
        </p>
    }
}
