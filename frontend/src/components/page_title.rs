//! The document's title: which page it is, for tabs, bookmarks and screen readers.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

const PAGES: [(&str, &str); 8] = [
    ("/", "Playground"),
    ("/studies", "Studies"),
    ("/matrices", "Matrices"),
    ("/matrices/published", "Published tables"),
    ("/scorers", "Scorers"),
    ("/data", "Data"),
    ("/models", "Models"),
    ("/about", "About"),
];

/// Keeps the title true to the address.
#[component]
pub fn PageTitle() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |_| {
        let path = path.get();
        let page = PAGES.into_iter().find(|(address, _)| *address == path);
        let title = match page {
            Some((_, name)) => format!("{name} – Polydetox"),
            None => "Polydetox".to_owned(),
        };
        document().set_title(&title);
    });
}
