//! Whether text that a model wrote may be shown without being asked for.

use leptos::prelude::*;

use super::remembered::remembered;

const KEY: &str = "polydetox.show-model-text";

/// The reader's standing choice.
#[derive(Debug, Clone, Copy)]
pub struct Veil {
    /// Model text is shown everywhere.
    pub lifted: RwSignal<bool>,
}

impl Veil {
    /// Makes the choice known to every part of the page; at first everything is veiled.
    pub fn provide() {
        let lifted = remembered(KEY, false);
        provide_context(Veil { lifted });
    }

    /// The one that [`Veil::provide`] made known.
    pub fn get() -> Self {
        expect_context()
    }
}
