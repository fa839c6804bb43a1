//! `/studies`: start a study, follow it, and see those that were made before.

mod detail;
mod history;
mod loss_curves;
mod new_study;
mod progress;

use leptos::prelude::*;
use protocol::study::api::StudyList;

use crate::components::answered::answered;
use crate::state::address::Kept;
use crate::state::document::Document;
use detail::Detail;
use history::History;
use new_study::NewStudyForm;

#[component]
pub fn Studies() -> impl IntoView {
    let list = Document::<StudyList>::at(|| Some("/api/studies".to_owned()));
    let chosen = Kept::<String>::of("study");
    // The shown study must not begin anew with each change of the list.
    let name = Memo::new(move |_| {
        chosen.get().or_else(|| {
            let studies = list.answer.get()?.ok()?.studies;
            studies.first().map(|study| study.name.clone())
        })
    });
    let changed = Callback::new(move |()| list.ask());
    view! {
        <section class="section" aria-labelledby="studies-title">
            <h1 id="studies-title">"Studies"</h1>
            <p class="quiet">
                "A study fine-tunes a model in one language after the other, lets every state of it continue the same prompts in all languages, and measures what became of them. Each finished piece is kept: a study that is stopped, however it is stopped, goes on where it was."
            </p>
            {answered(list, move |list| view! { <History list chosen=name /> })}
        </section>
        {move || {
            let name = name.get()?;
            Some(view! { <Detail name changed /> })
        }}
        <NewStudyForm
            made=Callback::new(move |name: String| {
                list.ask();
                chosen.set(Some(name));
            })
            refused=changed
        />
    }
}
