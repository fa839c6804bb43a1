//! Choices that are kept in the page's address.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::query_signal_with_options;

/// A choice under one name of the address; absent, or not readable, it is `None`.
pub struct Kept<T: Send + Sync + 'static> {
    value: Memo<Option<T>>,
    set: SignalSetter<Option<T>>,
}

impl<T: Send + Sync + 'static> Clone for Kept<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Kept<T> {}

impl<T: FromStr + ToString + PartialEq + Clone + Send + Sync + 'static> Kept<T> {
    /// The choice of that name.
    pub fn of(name: &'static str) -> Self {
        // A choice is no step to go back to.
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        let (value, set) = query_signal_with_options::<T>(name, options);
        Self { value, set }
    }

    /// What is chosen.
    pub fn get(&self) -> Option<T> {
        self.value.get()
    }

    /// Chooses.
    pub fn set(&self, value: Option<T>) {
        self.set.set(value);
    }

    /// Chooses what a list's option says; the empty one is no choice.
    pub fn set_text(&self, text: &str) {
        self.set(text.parse().ok().filter(|_| !text.is_empty()));
    }
}
