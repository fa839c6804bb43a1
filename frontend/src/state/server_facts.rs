//! What the server says of itself: whether it is well, which models it knows, and which
//! adapters it has.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::adapter::AdapterList;
use protocol::api::health::Health;
use protocol::api::models::ModelList;

use super::attention::while_seen;
use crate::remote::reach::{self, News};
use crate::remote::{RemoteFailure, fetch};

/// Between two questions how the server is.
const HEALTH: Duration = Duration::from_secs(10);

/// A value that is asked of the server: not there yet, there, or refused.
pub type Answer<T> = Option<Result<T, RemoteFailure>>;

/// The last answers of the server.
#[derive(Debug, Clone, Copy)]
pub struct ServerFacts {
    /// Whether it can work.
    pub health: RwSignal<Answer<Health>>,
    /// The adapters that it has.
    pub adapters: RwSignal<Answer<AdapterList>>,
    /// What it can run.
    pub models: RwSignal<Answer<ModelList>>,
    /// It asks for its token.
    pub token_wanted: RwSignal<bool>,
}

impl ServerFacts {
    /// Asks for the first time and makes the answers known to every part of the page.
    pub fn provide() {
        let facts = Self {
            health: RwSignal::new(None),
            adapters: RwSignal::new(None),
            models: RwSignal::new(None),
            token_wanted: RwSignal::new(false),
        };
        reach::listen(move |news| match news {
            News::Changed => facts.ask_health(),
            News::TokenWanted => facts.token_wanted.set(true),
        });
        facts.ask();
        provide_context(facts);
        while_seen(HEALTH, move || facts.ask_health());
    }

    /// The ones that [`ServerFacts::provide`] made known.
    pub fn get() -> Self {
        expect_context()
    }

    /// Asks how the server is; where it is back, also what it has, which may be something else now.
    fn ask_health(self) {
        spawn_local(async move {
            let health = fetch::health().await;
            let was_lost = self
                .health
                .with_untracked(|last| matches!(last, Some(Err(_))));
            if was_lost && health.is_ok() {
                self.ask_models();
            }
            self.health.set(Some(health));
        });
    }

    /// Asks anew.
    pub fn ask(self) {
        spawn_local(async move { self.health.set(Some(fetch::health().await)) });
        self.ask_models();
    }

    fn ask_models(self) {
        spawn_local(async move { self.adapters.set(Some(fetch::json("/api/adapters").await)) });
        spawn_local(async move { self.models.set(Some(fetch::models().await)) });
    }
}
