//! The form in the page's address: whoever opens it finds the same settings.

use leptos::prelude::*;
use protocol::FieldError;
use protocol::language::Language;
use protocol::local::DeviceChoice;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

use super::fields::{Fields, Sides, stop_lines, stop_strings};

/// Devices by the names that the address uses.
pub const DEVICES: [(&str, DeviceChoice); 3] = [
    ("auto", DeviceChoice::Auto),
    ("cpu", DeviceChoice::Cpu),
    ("webgpu", DeviceChoice::WebGpu),
];

/// Sides by the names that the address uses.
pub const SIDES: [(&str, Sides); 3] = [
    ("both", Sides::Both),
    ("browser", Sides::Browser),
    ("server", Sides::Server),
];

/// Numbers of the form under their names in the address, which are those of the API.
fn numbers(fields: &Fields) -> [(&'static str, RwSignal<String>); 7] {
    [
        ("adapter_strength", fields.adapter_strength),
        ("max_new_tokens", fields.max_new_tokens),
        ("temperature", fields.temperature),
        ("top_k", fields.top_k),
        ("top_p", fields.top_p),
        ("repetition_penalty", fields.repetition_penalty),
        ("seed", fields.seed),
    ]
}

/// Fills the form from the address. What is wrong there is left at its default and told.
pub fn read(fields: &Fields) -> Vec<FieldError> {
    let query = window().location().search().unwrap_or_default();
    let Ok(parameters) = UrlSearchParams::new_with_str(&query) else {
        return vec![FieldError::new("address", "its query cannot be read")];
    };
    let mut wrong = Vec::new();
    for key in parameters.keys().into_iter().flatten() {
        let key = key.as_string().unwrap_or_default();
        let Some(value) = parameters.get(&key) else {
            continue;
        };
        if let Err(message) = take(fields, &key, value, &parameters) {
            wrong.push(FieldError::new(key, message));
        }
    }
    wrong
}

fn take(
    fields: &Fields,
    key: &str,
    value: String,
    parameters: &UrlSearchParams,
) -> Result<(), String> {
    match key {
        "prompt" => fields.prompt.set(value),
        "model" => fields.model.set(value),
        "adapter" => fields.adapter.set(value),
        "language" => {
            let language: Language = value.parse().map_err(said)?;
            fields.language.set(language.code().to_owned());
        }
        "device" => fields.device.set(named(DEVICES, &value)?),
        "sides" => fields.sides.set(named(SIDES, &value)?),
        "stop" => {
            let stop: Vec<String> = parameters
                .get_all(key)
                .iter()
                .filter_map(|value| value.as_string())
                .collect();
            kept_if_allowed(fields, fields.stop, stop_lines(&stop))?;
        }
        _ => {
            let (_, field) = numbers(fields)
                .into_iter()
                .find(|(name, _)| *name == key)
                .ok_or("there is no such setting")?;
            kept_if_allowed(fields, field, value)?;
        }
    }
    Ok(())
}

/// The other fields hold allowed values, so that an error is about this one.
fn kept_if_allowed(fields: &Fields, field: RwSignal<String>, value: String) -> Result<(), String> {
    let before = field.get_untracked();
    field.set(value);
    untrack(|| fields.request()).map(drop).map_err(|error| {
        field.set(before.clone());
        format!("{}; the default, `{before}`, is used", error.message)
    })
}

fn named<T: Copy>(known: [(&str, T); 3], name: &str) -> Result<T, String> {
    known
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
        .ok_or_else(|| {
            let names = known.map(|(name, _)| name).join(", ");
            format!("`{name}` is none of {names}")
        })
}

/// The name of a value among those that are known.
pub fn name_of<T: Copy + PartialEq>(known: [(&'static str, T); 3], value: T) -> &'static str {
    known
        .into_iter()
        .find(|(_, known)| *known == value)
        .map_or("", |(name, _)| name)
}

fn said(error: impl ToString) -> String {
    error.to_string()
}

/// The form as the query of an address; what is at its default is in it too, since defaults change
/// from version to version.
pub fn query(fields: &Fields) -> String {
    let Ok(parameters) = UrlSearchParams::new() else {
        return String::new();
    };
    let set = |key: &str, value: &str| {
        if !value.is_empty() {
            parameters.append(key, value);
        }
    };
    set("prompt", &fields.prompt.get());
    set("language", &fields.language.get());
    set("model", &fields.model.get());
    set("adapter", &fields.adapter.get());
    let plain = fields.adapter.with(String::is_empty);
    let said = |name: &str| name != "adapter_strength" || !plain;
    for (name, field) in numbers(fields).into_iter().filter(|(name, _)| said(name)) {
        set(name, &field.get());
    }
    for text in stop_strings(&fields.stop.get()) {
        set("stop", &text);
    }
    set("sides", name_of(SIDES, fields.sides.get()));
    set("device", name_of(DEVICES, fields.device.get()));
    parameters.to_string().into()
}

/// Puts the form into the address bar, without a new entry in the history, and returns the address.
pub fn write(fields: &Fields) -> String {
    let location = window().location();
    let query = untrack(|| query(fields));
    let path = location.pathname().unwrap_or_default();
    let address = format!("{}{path}?{query}", location.origin().unwrap_or_default());
    if let Ok(history) = window().history() {
        // The router's own state of this entry is kept.
        let state = history.state().unwrap_or(JsValue::NULL);
        history
            .replace_state_with_url(&state, "", Some(&address))
            .ok();
    }
    address
}
