//! Which models the playground offers, and which one it begins with.

use leptos::prelude::*;
use protocol::api::models::ModelEntry;
use protocol::local::{CachedModel, LocalDevice};

use super::fields::Fields;
use crate::state::local_engine::{Load, LocalEngine};
use crate::state::server_facts::ServerFacts;

/// Small enough for any browser, and made of all seven languages.
const FAVOURITE: &str = "gemma-3-270m-mini";

/// What lies on the server's machine, and what this browser keeps; without the server, the latter
/// alone.
pub fn offered(facts: ServerFacts, engine: LocalEngine) -> Signal<Vec<ModelEntry>> {
    Memo::new(move |_| {
        let mut offered: Vec<ModelEntry> = match facts.models.get() {
            Some(Ok(list)) => list
                .models
                .into_iter()
                .filter(|model| model.installed)
                .collect(),
            _ => Vec::new(),
        };
        let kept = engine
            .capabilities
            .with(|report| report.as_ref().map(|report| report.cached.clone()))
            .unwrap_or_default();
        for model in kept {
            if offered.iter().all(|entry| entry.id != model.model) {
                offered.push(entry(model));
            }
        }
        offered
    })
    .into()
}

/// What the page knows of a model that only this browser has.
fn entry(model: CachedModel) -> ModelEntry {
    ModelEntry {
        id: model.model,
        family: String::new(),
        languages: Vec::new(),
        licence: String::new(),
        bytes: model.bytes,
        installed: false,
        loaded: false,
        default: false,
    }
}

/// Chooses a model as long as the reader or the address has not.
pub fn choose(fields: Fields, offered: Signal<Vec<ModelEntry>>) {
    Effect::new(move |_| {
        let chosen = offered.with(|offered| {
            let favourite = offered.iter().find(|model| model.id == FAVOURITE);
            let default = || offered.iter().find(|model| model.default);
            favourite
                .or_else(default)
                .or(offered.first())
                .map(|model| model.id.clone())
        });
        if let Some(chosen) = chosen
            && fields.model.with_untracked(String::is_empty)
        {
            fields.model.set(chosen);
        }
    });
}

/// Bytes of the worker; on a graphics card those of the weights there too.
pub fn browser_memory(engine: LocalEngine) -> Signal<Option<u64>> {
    Memo::new(move |_| {
        engine.load.with(|load| match load {
            Load::Ready(loaded) => Some(match loaded.device {
                LocalDevice::Cpu => loaded.worker_bytes,
                LocalDevice::WebGpu => loaded.worker_bytes + loaded.weight_bytes,
            }),
            _ => None,
        })
    })
    .into()
}

/// Bytes of the server's program.
pub fn server_memory(facts: ServerFacts) -> Signal<Option<u64>> {
    Memo::new(move |_| match facts.health.get() {
        Some(Ok(health)) => health.memory_bytes,
        _ => None,
    })
    .into()
}
