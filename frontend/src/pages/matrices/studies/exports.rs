//! A study's results to take away.

use leptos::prelude::*;
use protocol::study::api::MatrixResponse;

use crate::components::heatmap::Shown;
use crate::remote::address::{address, segment};

/// Formats with their words.
const FORMATS: [(&str, &str); 6] = [
    ("csv", "CSV: every cell of every matrix"),
    ("json", "JSON: the whole study"),
    ("latex", "LaTeX: this matrix (booktabs)"),
    ("svg", "SVG: this matrix"),
    ("png", "PNG: this matrix"),
    ("parquet", "Parquet: all generations and scores"),
];

/// A menu of links that the server answers with files.
#[component]
pub fn Exports(response: MatrixResponse, shown: Shown) -> impl IntoView {
    let matrix = response.matrix;
    // An example has its results, but not all the texts behind them.
    let offered = |format: &str| format != "parquet" || !response.study.read_only;
    let links = FORMATS
        .into_iter()
        .filter(|(format, _)| offered(format))
        .map(|(format, words)| {
            let address = address(
                &format!("/api/studies/{}/export", segment(&response.study.name)),
                &[
                    ("format", Some(format.to_owned())),
                    ("metric", Some(matrix.metric.to_string())),
                    ("scorer", matrix.scorer.clone()),
                    ("split", matrix.split.map(|split| split.to_string())),
                    (
                        "absolute",
                        (shown == Shown::Absolute).then(|| "true".to_owned()),
                    ),
                ],
            );
            view! {
                <li>
                    <a href=address rel="external" download="" data-format=format>
                        {words}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <details id="exports" class="menu">
            <summary>"Export"</summary>
            <ul class="bare details-content small">{links}</ul>
        </details>
    }
}
