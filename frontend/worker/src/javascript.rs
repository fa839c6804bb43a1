//! Values of JavaScript that have no binding.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// A property, `undefined` where there is none.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a text, empty where it is none.
pub fn text(object: &JsValue, name: &str) -> String {
    property(object, name).as_string().unwrap_or_default()
}

/// A property that is a number, 0 where it is none.
pub fn number(object: &JsValue, name: &str) -> f64 {
    property(object, name).as_f64().unwrap_or(0.0)
}

/// An error as JavaScript names and describes it.
pub fn explain(error: &JsValue) -> String {
    match (text(error, "name"), text(error, "message")) {
        (name, message) if !message.is_empty() => format!("{name}: {message}"),
        _ => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

/// The name of an error, such as `AbortError`.
pub fn error_name(error: &JsValue) -> String {
    text(error, "name")
}

/// The worker's global object.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds of a clock that only goes forward.
pub fn now() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
