//! A JSON document of the server, at an address that may change.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use super::server_facts::Answer;
use crate::remote::fetch;

/// The document that was asked for last.
pub struct Document<T: Send + Sync + 'static> {
    /// The last answer; it stays until the next one is there.
    pub answer: RwSignal<Answer<T>>,
    again: Trigger,
    /// The next question is one of [`Document::renew`].
    quiet: StoredValue<bool>,
}

impl<T: Send + Sync + 'static> Clone for Document<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Document<T> {}

impl<T: DeserializeOwned + Send + Sync + 'static> Document<T> {
    /// Asks now and whenever the address changes; for no address there is no answer.
    pub fn at(address: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        let answer = RwSignal::new(None);
        let again = Trigger::new();
        let address = Memo::new(move |_| address());
        let asked = StoredValue::new(0_u32);
        let quiet = StoredValue::new(false);
        Effect::new(move |before: Option<Option<String>>| {
            again.track();
            let found = address.get();
            let renewed = quiet.try_update_value(std::mem::take) == Some(true)
                && before.as_ref() == Some(&found);
            let Some(path) = found.clone() else {
                asked.update_value(|asked| *asked += 1);
                answer.set(None);
                return found;
            };
            asked.update_value(|asked| *asked += 1);
            let number = asked.get_value();
            spawn_local(async move {
                let new = fetch::json(&path).await;
                // Answers may overtake each other, and the reader may have left.
                if asked.try_get_value() != Some(number) {
                    return;
                }
                let stays = renewed
                    && new.is_err()
                    && answer.try_with_untracked(|answer| matches!(answer, Some(Ok(_))))
                        == Some(true);
                if !stays {
                    answer.try_set(Some(new));
                }
            });
            found
        });
        Self {
            answer,
            again,
            quiet,
        }
    }

    /// Asks for the same again, without the reader having asked: an answer that is there stays where
    /// none follows it.
    pub fn renew(&self) {
        self.quiet.set_value(true);
        self.again.notify();
    }

    /// Asks for the same again.
    pub fn ask(&self) {
        self.again.notify();
    }
}
