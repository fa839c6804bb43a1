//! From a study to its matrices held against those of another one.

use leptos::prelude::*;
use leptos_router::components::A;
use protocol::study::StudySummary;

use crate::components::menu::Menu;
use crate::remote::address::address;

/// A menu of the other studies that have results; nothing where this one has none.
#[component]
pub fn Compare(name: String, studies: Signal<Vec<StudySummary>>) -> impl IntoView {
    let others = Memo::new(move |_| {
        studies.with(|studies| {
            let has_results = |study: &&StudySummary| study.done > 0;
            let (own, others): (Vec<_>, Vec<_>) = studies
                .iter()
                .filter(has_results)
                .map(|study| study.name.clone())
                .partition(|other| *other == name);
            own.into_iter().next().map(|own| (own, others))
        })
    });
    move || {
        let (own, others) = others.get()?;
        let links = others
            .into_iter()
            .map(|other| {
                let against = Some(format!("study:{other}"));
                let href = address(
                    "/matrices",
                    &[("study", Some(own.clone())), ("against", against)],
                );
                view! {
                    <li>
                        <A href=href>{other}</A>
                    </li>
                }
            })
            .collect_view();
        (!links.is_empty()).then(|| {
            view! {
                <Menu id="compare" words="Compare with …">
                    {links}
                </Menu>
            }
        })
    }
}
