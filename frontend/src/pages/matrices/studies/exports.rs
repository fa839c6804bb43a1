//! A study's results to take away.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::study::api::MatrixResponse;

use crate::components::heatmap::Shown;
use crate::components::menu::Menu;
use crate::remote::address::{address, segment};
use crate::remote::{RemoteFailure, download, token};

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
    let failure = RwSignal::new(None::<RemoteFailure>);
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
            let path = address.clone();
            let fetch = move |event: MouseEvent| {
                // A link sends no token.
                if token::get().is_none() {
                    return;
                }
                event.prevent_default();
                failure.set(None);
                let path = path.clone();
                spawn_local(async move {
                    failure.try_set(download::save(&path).await.err());
                });
            };
            view! {
                <li>
                    <a href=address rel="external" download="" data-format=format on:click=fetch>
                        {words}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <Menu id="exports" words="Export">
            {links}
            <li class="bad" role="alert">
                {move || failure.get().map(|failure| failure.to_string())}
            </li>
        </Menu>
    }
}
