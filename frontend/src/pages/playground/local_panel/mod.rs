//! What runs in this browser: the device, the models that are kept, and what the browser can do.

mod capability_list;
mod debug;
mod device_choice;
mod kept_models;

use leptos::prelude::*;
use protocol::local::{DeviceChoice, WayOut};

use crate::components::problem_note::ProblemNote;
use crate::state::local_engine::{Load, LocalEngine};
use crate::state::problem::Problem;
use capability_list::CapabilityList;
use debug::Debug;
use device_choice::DeviceField;
use kept_models::KeptModels;

#[component]
pub fn LocalPanel(engine: LocalEngine, device: RwSignal<DeviceChoice>) -> impl IntoView {
    // A worker that has ended starts anew with the next command.
    let take = Callback::new(move |_: WayOut| {
        engine.problem.set(None);
        engine.ask();
    });
    let loaded = Memo::new(move |_| {
        engine.load.with(|load| match load {
            Load::Ready(loaded) => Some((**loaded).clone()),
            _ => None,
        })
    });
    view! {
        <section id="local-panel" class="section" aria-labelledby="local-panel-title">
            <h2 id="local-panel-title">"In this browser"</h2>
            {move || engine.notice.get().map(|notice| view! { <p role="status">{notice}</p> })}
            {move || {
                engine
                    .problem
                    .get()
                    .map(|problem| {
                        // Other ways out stand beside the run.
                        let problem = Problem { ways_out: vec![WayOut::Retry], ..problem };
                        view! { <ProblemNote problem take /> }
                    })
            }}
            <div class="local-parts">
                <DeviceField device loaded trials=engine.trials capabilities=engine.capabilities />
                <KeptModels engine />
                <CapabilityList capabilities=engine.capabilities />
            </div>
            <Debug loaded />
        </section>
    }
}
