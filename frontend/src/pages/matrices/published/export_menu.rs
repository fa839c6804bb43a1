//! What is on screen, as text to take away.

use leptos::prelude::*;
use protocol::matrix::{Table, export};

use crate::components::copy_button::CopyButton;

/// How a table is written.
type Write = fn(&Table) -> String;

/// The formats: the button's id and label, and the writer.
const FORMATS: [(&str, &str, Write); 4] = [
    ("copy-csv", "Copy CSV", export::csv),
    ("copy-markdown", "Copy Markdown", export::markdown),
    ("copy-latex", "Copy LaTeX", export::latex),
    ("copy-json", "Copy JSON", export::json),
];

/// Buttons that copy the table in one format each.
#[component]
pub fn ExportMenu(table: Table) -> impl IntoView {
    FORMATS
        .into_iter()
        .map(|(id, label, write)| {
            let table = table.clone();
            view! { <CopyButton id=id label=label text=Callback::new(move |()| write(&table)) /> }
        })
        .collect_view()
}
