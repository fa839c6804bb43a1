//! An error with its ways out.

use leptos::prelude::*;
use protocol::local::WayOut;

use crate::state::problem::Problem;

/// What happened, and a button for each way out that the page can take by itself.
#[component]
pub fn ProblemNote(problem: Problem, take: Callback<WayOut>) -> impl IntoView {
    let buttons = problem
        .ways_out
        .into_iter()
        .filter_map(|way| {
            let label = match way {
                WayOut::Retry => "Try again",
                WayOut::Load => "Load the model",
                WayOut::UseCpu => "Use the processor",
                WayOut::UseServer => "Run on the server only",
                WayOut::RemoveModels => "Remove models from this browser",
                // The form shows the field; the client restarts the worker by itself.
                WayOut::ChangeRequest | WayOut::RestartWorker => return None,
            };
            Some(view! {
                <button type="button" on:click=move |_| take.run(way)>
                    {label}
                </button>
            })
        })
        .collect_view();
    view! {
        <div class="problem" role="alert">
            <p>{problem.message}</p>
            <div class="buttons">{buttons}</div>
        </div>
    }
}
