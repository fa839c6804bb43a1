//! Which models the playground offers, and which one it begins with.

use leptos::prelude::*;
use protocol::FieldError;
use protocol::api::models::ModelEntry;
use protocol::local::{CachedModel, LocalDevice};

use super::fields::Fields;
use crate::state::local_engine::{Load, LocalEngine};
use crate::state::server_facts::ServerFacts;

/// Small enough for any browser, and made of all seven languages.
pub const FAVOURITE: &str = "gemma-3-270m-mini";

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

/// Chooses a model as long as neither the reader nor the address has. One that the address names and
/// nobody has is told and replaced.
pub fn choose(
    fields: Fields,
    offered: Signal<Vec<ModelEntry>>,
    facts: ServerFacts,
    wrong: RwSignal<Vec<FieldError>>,
) {
    Effect::new(move |_| {
        let answered = facts.models.with(Option::is_some);
        let model = fields.model.get_untracked();
        let chosen = offered.with(|offered| {
            let favourite = offered.iter().find(|model| model.id == FAVOURITE);
            let default = || offered.iter().find(|model| model.default);
            let known = offered.iter().any(|entry| entry.id == model);
            favourite
                .or_else(default)
                .or(offered.first())
                .filter(|_| !known)
                .map(|model| model.id.clone())
        });
        let Some(chosen) = chosen else {
            return;
        };
        if model.is_empty() {
            fields.model.set(chosen);
        } else if answered {
            let message = format!(
                "`{model}` is neither on the server's machine nor in this browser; `{chosen}` is used"
            );
            wrong.update(|wrong| wrong.push(FieldError::new("model", message)));
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
