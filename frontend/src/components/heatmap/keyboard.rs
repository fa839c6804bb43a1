//! Arrow keys, Home and End in a matrix.

use leptos::ev::KeyboardEvent;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Moves the focus to the neighbouring cell, or to an end of the line; with Ctrl, to a corner.
pub fn move_by_key(event: &KeyboardEvent) {
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
    let (Some(line), Some(column)) = (place("data-line"), place("data-column")) else {
        return;
    };
    let at = |line: i32, column: i32| {
        cells(
            &cell,
            &format!("td[data-line='{line}'][data-column='{column}']"),
            false,
        )
    };
    let next = match (event.key().as_str(), event.ctrl_key()) {
        ("ArrowDown", _) => at(line + 1, column),
        ("ArrowUp", _) => at(line - 1, column),
        ("ArrowRight", _) => at(line, column + 1),
        ("ArrowLeft", _) => at(line, column - 1),
        ("Home", false) => at(line, 0),
        ("End", false) => cells(&cell, &format!("td[data-line='{line}']"), true),
        ("Home", true) => cells(&cell, "td[data-line]", false),
        ("End", true) => cells(&cell, "td[data-line]", true),
        _ => return,
    };
    if let Some(next) = next {
        event.prevent_default();
        next.focus().ok();
    }
}

/// The first or the last of those cells of the table.
fn cells(of: &HtmlElement, selector: &str, last: bool) -> Option<HtmlElement> {
    let table = of.closest("table").ok().flatten()?;
    let found = table.query_selector_all(selector).ok()?;
    let place = match last {
        true => found.length().checked_sub(1)?,
        false => 0,
    };
    found.get(place)?.dyn_into().ok()
}
