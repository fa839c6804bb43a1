//! `/`: one prompt, run in this browser and on the server.

mod column;
mod examples;
mod fields;
mod measures;
mod models;
mod number_field;
mod permalink;
mod prompt_form;
mod sampler_fields;
mod token_text;

use leptos::prelude::*;
use protocol::api::generate::GenerateRequest;
use protocol::local::WayOut;

use crate::remote::runner::Server;
use crate::state::runner::Column;
use crate::state::server_facts::ServerFacts;
use column::{Label, RunColumn};
use fields::Fields;
use prompt_form::{Actions, PromptForm};

const SERVER: Label = Label {
    id: "server",
    title: "Server",
    hidden: "the server's text",
    copy: "copy-server",
};

#[component]
pub fn Playground() -> impl IntoView {
    let facts = ServerFacts::get();
    let fields = Fields::default();
    let wrong = permalink::read(&fields);
    let offered = models::offered(facts);
    models::choose(fields, offered);
    let server = Column::new(Server);
    on_cleanup(move || server.stop());

    let actions = Actions {
        run: Callback::new(move |request: GenerateRequest| server.start(request)),
        stop: Callback::new(move |()| server.stop()),
        running: server.running.into(),
        again: Signal::derive(move || server.run.with(|run| run.number > 0)),
    };
    // What the server says of itself changes with each run: it loads models when they are asked for.
    Effect::new(move |earlier: Option<bool>| {
        let running = server.running.get();
        if earlier == Some(true) && !running {
            facts.ask();
        }
        running
    });
    let take_server = Callback::new(move |way: WayOut| {
        if let (WayOut::Retry, Ok(request)) = (way, untrack(|| fields.request())) {
            server.start(request);
        }
    });

    view! {
        <h1 class="unseen">"Playground"</h1>
        <WrongAddress wrong />
        <PromptForm fields models=offered actions />
        <div class="columns">
            <RunColumn
                label=SERVER
                run=server.run
                language=fields.language
                preparing=Signal::stored(None::<String>)
                memory=Signal::stored(None::<u64>)
                take=take_server
            />
        </div>
    }
}

/// What the address asked for and cannot have.
#[component]
fn WrongAddress(wrong: Vec<protocol::FieldError>) -> impl IntoView {
    (!wrong.is_empty()).then(|| {
        let items = wrong
            .into_iter()
            .map(|error| view! { <li>{error.to_string()}</li> })
            .collect_view();
        view! {
            <div id="wrong-address" class="problem" role="alert">
                <p>"Some settings in this address cannot be used:"</p>
                <ul>{items}</ul>
            </div>
        }
    })
}
