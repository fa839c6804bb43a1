//! Which models the playground offers, and which one it begins with.

use leptos::prelude::*;
use protocol::api::models::ModelEntry;

use super::fields::Fields;
use crate::state::server_facts::ServerFacts;

/// Small enough for any browser, and made of all seven languages.
const FAVOURITE: &str = "gemma-3-270m-mini";

/// What lies on the server's machine.
pub fn offered(facts: ServerFacts) -> Signal<Vec<ModelEntry>> {
    Memo::new(move |_| match facts.models.get() {
        Some(Ok(list)) => list
            .models
            .into_iter()
            .filter(|model| model.installed)
            .collect(),
        _ => Vec::new(),
    })
    .into()
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
