//! Which adapters the playground offers.

use leptos::prelude::*;
use protocol::FieldError;
use protocol::adapter::AdapterEntry;

use super::fields::Fields;
use crate::state::server_facts::ServerFacts;

/// The server's adapters for the chosen model.
pub fn offered(fields: Fields, facts: ServerFacts) -> Signal<Vec<AdapterEntry>> {
    Memo::new(move |_| {
        let model = fields.model.get();
        facts.adapters.with(|answer| match answer {
            Some(Ok(list)) => list
                .adapters
                .iter()
                .filter(|adapter| adapter.base_model.model == model)
                .cloned()
                .collect(),
            _ => Vec::new(),
        })
    })
    .into()
}

/// Gives up an adapter that the chosen model cannot use, and tells it where the address named it.
pub fn choose(fields: Fields, facts: ServerFacts, wrong: RwSignal<Vec<FieldError>>) {
    let from_address = StoredValue::new(fields.adapter.get_untracked());
    Effect::new(move |_| {
        let (model, name) = (fields.model.get(), fields.adapter.get());
        if model.is_empty() || name.is_empty() {
            return;
        }
        let unusable = facts.adapters.with(|answer| match answer {
            Some(Ok(list)) => match list.adapters.iter().find(|adapter| adapter.name == name) {
                Some(adapter) if adapter.base_model.model == model => None,
                Some(adapter) => Some(format!(
                    "`{name}` was made for `{}`; `{model}` runs without it",
                    adapter.base_model.model
                )),
                None => Some(format!("the server has no adapter `{name}`; none is used")),
            },
            _ => None,
        });
        if let Some(message) = unusable {
            fields.adapter.set(String::new());
            // A reader who chose another model sees that its adapters are others.
            if from_address.with_value(|named| *named == name) {
                wrong.update(|wrong| wrong.push(FieldError::new("adapter", message)));
            }
            from_address.set_value(String::new());
        }
    });
}
