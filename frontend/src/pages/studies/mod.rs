//! `/studies`: start a study, follow it, and see those that were made before.

mod compare;
mod detail;
mod history;
mod loss_curves;
mod new_study;
mod progress;

use std::time::Duration;

use leptos::prelude::*;
use protocol::study::api::StudyList;

use crate::components::answered::answered;
use crate::state::address::Kept;
use crate::state::attention::while_seen;
use crate::state::document::Document;
use detail::Detail;
use history::History;
use new_study::NewStudyForm;

/// Between two looks at what other pages and the command line may have begun.
const AGAIN: Duration = Duration::from_secs(4);

#[component]
pub fn Studies() -> impl IntoView {
    let list = Document::<StudyList>::at(|| Some("/api/studies".to_owned()));
    let chosen = Kept::<String>::of("study");
    // The last list, also while the server is not there.
    let studies = Memo::new(move |_| {
        list.answer.with(|answer| match answer {
            Some(Ok(list)) => Some(list.studies.clone()),
            _ => None,
        })
    });
    while_seen(AGAIN, move || list.renew());
    // The shown study must not begin anew, or be another one, with each change of the list.
    let name = Memo::new(move |before: Option<&Option<String>>| {
        let first = || studies.with(|studies| Some(studies.as_ref()?.first()?.name.clone()));
        let chosen = chosen.get().or_else(|| before.cloned().flatten());
        chosen.or_else(first)
    });
    let all = Signal::derive(move || studies.get().unwrap_or_default());
    let changed = Callback::new(move |()| list.renew());
    view! {
        <section class="section" aria-labelledby="studies-title">
            <h1 id="studies-title">"Studies"</h1>
            <p class="quiet">
                "A study fine-tunes a model in one language after the other, lets every state of it continue the same prompts in all languages, and measures what became of them. Each finished piece is kept: a study that is stopped, however it is stopped, goes on where it was."
            </p>
            <Show
                when=move || studies.with(Option::is_some)
                fallback=move || answered(list, |_: StudyList| ())
            >
                <History studies=all chosen=name />
            </Show>
        </section>
        {move || {
            let name = name.get()?;
            Some(view! { <Detail name studies=all changed /> })
        }}
        <NewStudyForm
            made=Callback::new(move |name: String| {
                list.renew();
                chosen.set(Some(name));
            })
            refused=changed
        />
    }
}
