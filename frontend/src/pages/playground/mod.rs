//! `/`: one prompt, run in this browser and on the server.

mod adapter_fields;
mod adapters;
mod agreement_panel;
mod column;
mod examples;
mod fields;
mod load_progress;
mod local_panel;
mod measures;
mod models;
mod no_model;
mod number_field;
mod permalink;
mod prompt_form;
mod sampler_fields;
mod token_text;
mod toxicity_line;

use leptos::prelude::*;
use protocol::FieldError;
use protocol::api::generate::GenerateRequest;
use protocol::local::{DeviceChoice, WayOut};

use crate::remote::runner::Server;
use crate::state::browser_runner::Browser;
use crate::state::comparison::Comparison;
use crate::state::local_engine::LocalEngine;
use crate::state::runner::Column;
use crate::state::server_facts::ServerFacts;
use crate::state::toxicity;
use agreement_panel::AgreementPanel;
use column::{Label, RunColumn};
use fields::{Fields, Sides};
use load_progress::LoadProgress;
use local_panel::LocalPanel;
use prompt_form::{Actions, PromptForm};

const BROWSER: Label = Label {
    id: "browser",
    title: "This browser",
    hidden: "the browser's text",
    copy: "copy-browser",
};

const SERVER: Label = Label {
    id: "server",
    title: "Server",
    hidden: "the server's text",
    copy: "copy-server",
};

#[component]
pub fn Playground() -> impl IntoView {
    let facts = ServerFacts::get();
    let engine = LocalEngine::get();
    let fields = Fields::default();
    let wrong = RwSignal::new(permalink::read(&fields));
    let offered = models::offered(facts, engine);
    models::choose(fields, offered, facts, wrong);
    let adapters = adapters::offered(fields, facts);
    adapters::choose(fields, facts, wrong);
    let browser = Column::new(Browser {
        engine,
        device: fields.device,
    });
    let server = Column::new(Server);
    let comparison = Comparison::of(browser, server);
    let browser_toxicity = toxicity::of(browser, engine, fields.language);
    let server_toxicity = toxicity::of(server, engine, fields.language);
    let stop = move || {
        browser.stop();
        server.stop();
    };
    on_cleanup(stop);

    let running = Signal::derive(move || browser.running.get() || server.running.get());
    let actions = Actions {
        run: Callback::new(move |request: GenerateRequest| {
            let sides = fields.sides.get_untracked();
            if sides.browser() {
                browser.start(request.clone());
            } else {
                browser.clear();
            }
            if sides.server() {
                server.start(request);
            } else {
                server.clear();
            }
        }),
        stop: Callback::new(move |()| stop()),
        running,
        again: Signal::derive(move || browser.begun.get() || server.begun.get()),
    };
    // What the server says of itself changes with each run: it loads models when they are asked for.
    Effect::new(move |earlier: Option<bool>| {
        let running = server.running.get();
        if earlier == Some(true) && !running {
            facts.ask();
        }
        running
    });
    let take_browser = Callback::new(move |way: WayOut| match way {
        WayOut::RemoveModels => {
            if let Some(panel) = document().get_element_by_id("kept-models") {
                panel.scroll_into_view();
            }
        }
        // It has run its side by itself already.
        WayOut::UseServer => {
            fields.sides.set(Sides::Server);
            browser.clear();
        }
        way => {
            if way == WayOut::UseCpu {
                fields.device.set(DeviceChoice::Cpu);
            }
            if let Ok(request) = untrack(|| fields.request()) {
                browser.start(request);
            }
        }
    });
    let take_server = Callback::new(move |_: WayOut| {
        if let Ok(request) = untrack(|| fields.request()) {
            server.start(request);
        }
    });

    view! {
        <h1 class="unseen">"Playground"</h1>
        <WrongAddress wrong />
        <PromptForm fields models=offered adapters actions />
        <div class="columns">
            <RunColumn
                label=BROWSER
                run=browser.run
                toxicity=browser_toxicity
                language=fields.language
                preparing=load_progress::words(engine)
                memory=models::browser_memory(engine)
                take=take_browser
            >
                <LoadProgress engine />
            </RunColumn>
            <RunColumn
                label=SERVER
                run=server.run
                toxicity=server_toxicity
                language=fields.language
                preparing=Signal::stored(None::<String>)
                memory=models::server_memory(facts)
                take=take_server
            />
        </div>
        <AgreementPanel
            comparison
            browser=browser.run
            server=server.run
            language=fields.language
        />
        <LocalPanel engine device=fields.device />
    }
}

/// What the address asked for and cannot have.
#[component]
fn WrongAddress(wrong: RwSignal<Vec<FieldError>>) -> impl IntoView {
    view! {
        <Show when=move || !wrong.with(Vec::is_empty)>
            <div id="wrong-address" class="problem" role="alert">
                <p>"Some settings in this address cannot be used:"</p>
                <ul>
                    {move || {
                        wrong
                            .get()
                            .into_iter()
                            .map(|error| view! { <li>{error.to_string()}</li> })
                            .collect_view()
                    }}
                </ul>
            </div>
        </Show>
    }
}
