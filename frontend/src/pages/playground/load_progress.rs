//! How far the model in this browser is, on its way to the first token.

use leptos::prelude::*;
use protocol::local::{Download, LoadStage};

use crate::components::figures;
use crate::state::local_engine::{Load, LocalEngine};

/// What the browser is doing, in a few words, while it loads a model.
pub fn words(engine: LocalEngine) -> Signal<Option<String>> {
    Memo::new(move |_| {
        engine.load.with(|load| match load {
            Load::UnderWay { stage, .. } => Some(
                match stage {
                    None => "Starting…",
                    Some(LoadStage::Check) => "Checking the files…",
                    Some(LoadStage::Download) => "Fetching the model…",
                    Some(LoadStage::Load) => "Reading the weights…",
                    Some(LoadStage::WarmUp) => "Warming up…",
                    Some(LoadStage::Trial) => "Measuring the devices…",
                }
                .to_owned(),
            ),
            _ => None,
        })
    })
    .into()
}

/// The download as a bar, with its rate and the time that is left.
#[component]
pub fn LoadProgress(engine: LocalEngine) -> impl IntoView {
    let download = Memo::new(move |_| {
        engine.load.with(|load| match load {
            Load::UnderWay {
                stage: Some(LoadStage::Download),
                download,
                ..
            } => *download,
            _ => None,
        })
    });
    let cancelled = Memo::new(move |_| engine.load.with(|load| *load == Load::Cancelled));
    view! {
        {move || {
            download
                .get()
                .map(|download| {
                    view! {
                        <div id="download" class="download">
                            <progress
                                max=download.total.to_string()
                                value=download.received.to_string()
                                aria-label="Download of the model"
                            ></progress>
                            <p class="small quiet">{figures_of(&download)}</p>
                            <button
                                type="button"
                                class="plain small"
                                on:click=move |_| engine.cancel_load()
                            >
                                "Stop the download"
                            </button>
                        </div>
                    }
                })
        }}
        <Show when=move || cancelled.get()>
            <p class="small quiet" id="download-stopped">
                "The download was stopped; run again to go on where it was."
            </p>
        </Show>
    }
}

fn figures_of(download: &Download) -> String {
    let mut text = format!(
        "{} of {}",
        figures::bytes(download.received),
        figures::bytes(download.total)
    );
    if download.bytes_per_second > 0.0 {
        let left = download.total.saturating_sub(download.received) as f64;
        text += &format!(
            ", {:.1} MB/s, {} left",
            download.bytes_per_second / 1e6,
            figures::seconds(left / download.bytes_per_second)
        );
    }
    if download.from_cache > 0 {
        text += &format!("; {} were here", figures::bytes(download.from_cache));
    }
    if download.damaged > 0 {
        text += &format!(
            "; {} were damaged and are fetched again",
            figures::bytes(download.damaged)
        );
    }
    text
}
