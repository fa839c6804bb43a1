//! Choices that are kept in the page's address.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::query_signal_with_options;

/// A choice under one name of the address; absent, or not readable, it is `None`.
pub struct Kept<T: Send + Sync + 'static> {
    value: Memo<Option<T>>,
    set: SignalSetter<Option<T>>,
    step: SignalSetter<Option<T>>,
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
        let options = |replace| NavigateOptions {
            replace,
            scroll: false,
            ..NavigateOptions::default()
        };
        let (value, set) = query_signal_with_options::<T>(name, options(true));
        let (_, step) = query_signal_with_options::<T>(name, options(false));
        Self { value, set, step }
    }

    /// What is chosen.
    pub fn get(&self) -> Option<T> {
        self.value.get()
    }

    /// Chooses, as a step that the browser's Back undoes. Of choices that are made together the first
    /// one decides whether all of them are such a step.
    pub fn step(&self, value: Option<T>) {
        if self.value.get_untracked() != value {
            self.step.set(value);
        }
    }

    /// Chooses; no step to go back to.
    pub fn set(&self, value: Option<T>) {
        self.set.set(value);
    }

    /// Chooses what a list's option says; the empty one is no choice.
    pub fn set_text(&self, text: &str) {
        self.set(text.parse().ok().filter(|_| !text.is_empty()));
    }
}
