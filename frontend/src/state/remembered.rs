//! Choices that the browser keeps from visit to visit.

use std::str::FromStr;

use leptos::prelude::*;
use web_sys::Storage;

/// A signal with the value kept under `key`; every change of it is kept. Where the browser keeps
/// nothing (private windows, blocked storage) the choice lasts as long as the page.
pub fn remembered<T>(key: &'static str, otherwise: T) -> RwSignal<T>
where
    T: FromStr + ToString + Clone + Send + Sync + 'static,
{
    let kept = storage()
        .and_then(|storage| storage.get_item(key).ok().flatten())
        .and_then(|text| text.parse().ok());
    let signal = RwSignal::new(kept.unwrap_or(otherwise));
    Effect::new(move |earlier: Option<()>| {
        let text = signal.with(T::to_string);
        // The first run only says what was read.
        if earlier.is_some()
            && let Some(storage) = storage()
        {
            storage.set_item(key, &text).ok();
        }
    });
    signal
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
