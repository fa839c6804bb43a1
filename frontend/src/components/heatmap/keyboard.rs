//! Arrow keys in a matrix.

use leptos::ev::KeyboardEvent;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Moves the focus to the neighbouring cell.
pub fn move_by_arrow(event: &KeyboardEvent) {
    let (down, right) = match event.key().as_str() {
        "ArrowDown" => (1, 0),
        "ArrowUp" => (-1, 0),
        "ArrowRight" => (0, 1),
        "ArrowLeft" => (0, -1),
        _ => return,
    };
    let Some(cell) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let place = |name: &str| {
        cell.get_attribute(name)
            .and_then(|text| text.parse::<i32>().ok())
    };
    let (Some(row), Some(column)) = (place("data-row"), place("data-column")) else {
        return;
    };
    let selector = format!(
        "td[data-row='{}'][data-column='{}']",
        row + down,
        column + right
    );
    let next = cell
        .closest("table")
        .ok()
        .flatten()
        .and_then(|table| table.query_selector(&selector).ok().flatten())
        .and_then(|next| next.dyn_into::<HtmlElement>().ok());
    if let Some(next) = next {
        event.prevent_default();
        next.focus().ok();
    }
}
