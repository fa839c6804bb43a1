//! Whether the server answered the last request, for whoever wants to know that at once.

use std::cell::{Cell, RefCell};

thread_local! {
    static REACHED: Cell<bool> = const { Cell::new(true) };
    static LISTENER: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Calls that function whenever the server is lost, and when it is back.
pub fn on_change(listener: impl Fn() + 'static) {
    LISTENER.with_borrow_mut(|kept| *kept = Some(Box::new(listener)));
}

/// Some request has, or has not, reached the server.
pub(super) fn tell(reached: bool) {
    if REACHED.replace(reached) != reached {
        LISTENER.with_borrow(|listener| {
            if let Some(listener) = listener {
                listener();
            }
        });
    }
}
