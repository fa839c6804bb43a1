//! What the last requests say of the server beside their answers, for whoever wants to know at once.

use std::cell::{Cell, RefCell};

/// What a request found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The server is lost, or is back.
    Changed,
    /// It asks for a token, and the one that was sent, if any, is not the one.
    TokenWanted,
}

type Listener = Box<dyn Fn(News)>;

thread_local! {
    static REACHED: Cell<bool> = const { Cell::new(true) };
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Calls that function with everything that is new.
pub fn listen(listener: impl Fn(News) + 'static) {
    LISTENER.with_borrow_mut(|kept| *kept = Some(Box::new(listener)));
}

/// Some request has, or has not, reached the server.
pub(super) fn tell(reached: bool) {
    if REACHED.replace(reached) != reached {
        hand_on(News::Changed);
    }
}

/// Some request was refused for want of the token.
pub(super) fn want_token() {
    hand_on(News::TokenWanted);
}

fn hand_on(news: News) {
    LISTENER.with_borrow(|listener| {
        if let Some(listener) = listener {
            listener(news);
        }
    });
}
