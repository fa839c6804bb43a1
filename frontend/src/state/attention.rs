//! Work that is done again and again, but only for somebody who can see the page.

use std::time::Duration;

use leptos::leptos_dom::helpers::{set_interval_with_handle, window_event_listener_untyped};
use leptos::prelude::*;

/// Does it after each pause while the page can be seen, and at once when it comes back to sight; for
/// as long as the part of the page that asks is there.
pub fn while_seen(pause: Duration, work: impl Fn() + Clone + 'static) {
    let again = work.clone();
    let unless_hidden = move || {
        if !document().hidden() {
            again();
        }
    };
    let timer = set_interval_with_handle(unless_hidden, pause).ok();
    let listener = window_event_listener_untyped("visibilitychange", move |_| {
        if !document().hidden() {
            work();
        }
    });
    on_cleanup(move || {
        if let Some(timer) = timer {
            timer.clear();
        }
        listener.remove();
    });
}
