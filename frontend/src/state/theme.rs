//! Light, dark, or as the system says.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use leptos::prelude::*;

use super::remembered::remembered;

/// start.js reads it too, before the first paint.
const KEY: &str = "polydetox.theme";

/// Which set of colours the page wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The operating system's choice.
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// In the order in which they are offered.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];
}

impl Display for Theme {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        })
    }
}

impl FromStr for Theme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Theme::ALL
            .into_iter()
            .find(|theme| theme.to_string() == text)
            .ok_or(())
    }
}

/// Lets every part of the page find the theme, and the style sheet follow it.
pub fn provide() {
    let theme = remembered(KEY, Theme::System);
    Effect::new(move |_| {
        let theme = theme.get();
        if let Some(root) = document().document_element() {
            root.set_attribute("data-theme", &theme.to_string()).ok();
        }
    });
    provide_context(theme);
}

/// The theme that [`provide`] made known.
pub fn theme() -> RwSignal<Theme> {
    expect_context()
}
