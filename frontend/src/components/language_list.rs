//! Languages under their own names.

use leptos::prelude::*;
use protocol::language::Language;

/// The languages of these BCP-47 codes; codes that are none of the seven stay as they are.
#[component]
pub fn LanguageList(codes: Vec<String>) -> impl IntoView {
    if codes.is_empty() {
        return view! { <span class="quiet">"unknown"</span> }.into_any();
    }
    let items = codes
        .into_iter()
        .map(|code| {
            let name = code
                .parse::<Language>()
                .map_or_else(|_| code.clone(), |language| language.endonym().to_owned());
            view! {
                <li>
                    <bdi lang=code>{name}</bdi>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="languages">{items}</ul> }.into_any()
}
