//! What the page asks. Commands wait in a queue; breaking off takes effect at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use protocol::local::{Command, FailedCommand};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortController, AbortSignal, MessageEvent};

use crate::failure::Failure;
use crate::javascript::{explain, scope};
use crate::voice;

/// The queue, and what breaks work off.
pub struct Mailbox {
    commands: UnboundedReceiver<Command>,
    pub interruptions: Rc<Interruptions>,
}

/// What the page has broken off.
pub struct Interruptions {
    /// Of the load that waits or is under way.
    load: RefCell<Option<AbortController>>,
    stopped: RefCell<BTreeSet<u64>>,
}

impl Interruptions {
    /// Breaks off what the load under way does; nothing where there is none.
    fn cancel_load(&self) {
        if let Some(load) = &*self.load.borrow() {
            load.abort();
        }
    }

    /// A load was asked for: from now on it can be broken off.
    fn expect_load(&self) {
        *self.load.borrow_mut() = AbortController::new().ok();
    }

    /// The signal that breaks off the load which begins now.
    ///
    /// # Errors
    /// Where the browser has no such signals.
    pub fn load_signal(&self) -> Result<AbortSignal, Failure> {
        let load = self.load.borrow();
        let controller = load.as_ref();
        controller
            .map(AbortController::signal)
            .ok_or_else(|| Failure::Browser("has no AbortController".into()))
    }

    /// The load has ended.
    pub fn end_load(&self) {
        *self.load.borrow_mut() = None;
    }

    /// Whether a generation or scoring is to end. True once.
    pub fn take_stop(&self, id: u64) -> bool {
        self.stopped.borrow_mut().remove(&id)
    }
}

impl Mailbox {
    /// The next command, waited for.
    pub async fn next(&mut self) -> Option<Command> {
        self.commands.next().await
    }

    /// The next command, if one has come.
    pub fn try_next(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }
}

/// Begins to listen.
///
/// # Errors
/// Outside a dedicated worker.
pub fn open() -> Result<Mailbox, Failure> {
    let scope = scope();
    if !scope.is_instance_of::<web_sys::DedicatedWorkerGlobalScope>() {
        return Err(Failure::Browser("this is no dedicated worker".into()));
    }
    let (sender, commands) = unbounded();
    let interruptions = Rc::new(Interruptions {
        load: RefCell::new(None),
        stopped: RefCell::default(),
    });
    let heard = Rc::clone(&interruptions);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let text = message.data().as_string();
        let text = text.unwrap_or_else(|| explain(&message.data()));
        match serde_json::from_str::<Command>(&text) {
            Ok(Command::CancelLoad) => heard.cancel_load(),
            Ok(Command::Stop { id }) => {
                heard.stopped.borrow_mut().insert(id);
            }
            Ok(command) => {
                if matches!(command, Command::Load { .. }) {
                    heard.expect_load();
                }
                // The other end lives as long as the program.
                let _ = sender.unbounded_send(command);
            }
            Err(error) => voice::fail(
                FailedCommand::Unreadable,
                &Failure::Unreadable(error.to_string()),
            ),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Listens as long as the worker lives.
    on_message.forget();
    Ok(Mailbox {
        commands,
        interruptions,
    })
}
