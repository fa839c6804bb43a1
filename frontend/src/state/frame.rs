//! Hands things over once per frame of the screen, so that a fast stream does not redraw the page
//! for every token.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;

/// Frames do not come while the page is in the background.
const HIDDEN: Duration = Duration::from_millis(250);

/// Collects items until the next frame.
pub struct PerFrame<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    waiting: RefCell<Vec<T>>,
    scheduled: Cell<bool>,
    take: Box<dyn Fn(Vec<T>)>,
}

impl<T: 'static> PerFrame<T> {
    /// `take` gets what has come since the last frame, never nothing.
    pub fn new(take: impl Fn(Vec<T>) + 'static) -> Self {
        Self {
            inner: Rc::new(Inner {
                waiting: RefCell::default(),
                scheduled: Cell::new(false),
                take: Box::new(take),
            }),
        }
    }

    /// One more item.
    pub fn push(&self, item: T) {
        self.inner.waiting.borrow_mut().push(item);
        if self.inner.scheduled.replace(true) {
            return;
        }
        let inner = Rc::clone(&self.inner);
        let hand_over = move || {
            inner.scheduled.set(false);
            inner.hand_over();
        };
        if document().hidden() {
            set_timeout(hand_over, HIDDEN);
        } else {
            request_animation_frame(hand_over);
        }
    }

    /// Hands over what waits, at the end of a stream.
    pub fn finish(&self) {
        self.inner.hand_over();
    }
}

impl<T> Inner<T> {
    fn hand_over(&self) {
        let items = self.waiting.take();
        if !items.is_empty() {
            (self.take)(items);
        }
    }
}
