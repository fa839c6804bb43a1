//! One worker of the browser: its start, its messages, its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use protocol::local::{Command, Event};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::remote::token;

/// Where trunk puts the worker's starter.
const SCRIPT: &str = "/worker_loader.js";

/// What comes out of a worker.
pub enum Output {
    /// A message.
    Event(Event),
    /// Its script cannot be loaded, or an error ended it. Nothing follows.
    Broken(String),
}

/// A running worker. Dropping it ends the worker at once, whatever it is doing.
pub struct Process {
    worker: Worker,
    /// Commands sent before the worker listened.
    held_back: Rc<RefCell<Option<Vec<Command>>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Process {
    /// Starts one.
    ///
    /// # Errors
    /// Where the browser has no module workers.
    pub fn start(on_output: impl Fn(Output) + 'static) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // Its name is how the worker learns the token: it has no storage of this tab.
        if let Some(token) = token::get() {
            options.set_name(&token);
        }
        let worker = Worker::new_with_options(SCRIPT, &options).map_err(|error| text(&error))?;
        let on_output = Rc::new(on_output);
        let held_back = Rc::new(RefCell::new(Some(Vec::new())));
        let on_message = {
            let (worker, held_back) = (worker.clone(), Rc::clone(&held_back));
            let on_output = Rc::clone(&on_output);
            Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
                let text = message.data().as_string().unwrap_or_default();
                match serde_json::from_str::<Event>(&text) {
                    Ok(Event::Ready) => {
                        for command in held_back.borrow_mut().take().into_iter().flatten() {
                            post(&worker, &command);
                        }
                    }
                    Ok(event) => on_output(Output::Event(event)),
                    Err(error) => on_output(Output::Broken(format!(
                        "it said something that this page does not read ({error}); reload the page"
                    ))),
                }
            })
        };
        let listening = Rc::clone(&held_back);
        let told = Cell::new(false);
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |error: ErrorEvent| {
            error.prevent_default();
            if told.replace(true) {
                return;
            }
            // A script that cannot be fetched gives an event without a message.
            let message = js_sys::Reflect::get(&error, &"message".into())
                .ok()
                .and_then(|message| message.as_string())
                .filter(|message| !message.is_empty());
            let reason = match message {
                Some(message) => message,
                None if listening.borrow().is_some() => format!(
                    "`{SCRIPT}` cannot be loaded; `cargo xtask run` builds it beside the page"
                ),
                None => "it ended without a reason".to_owned(),
            };
            on_output(Output::Broken(reason));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            held_back,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Sends a command, as soon as the worker listens.
    pub fn send(&self, command: Command) {
        match &mut *self.held_back.borrow_mut() {
            Some(held_back) => held_back.push(command),
            None => post(&self.worker, &command),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn post(worker: &Worker, command: &Command) {
    // Commands are numbers and strings, which can always be written and cloned.
    if let Ok(text) = serde_json::to_string(command) {
        let _ = worker.post_message(&JsValue::from_str(&text));
    }
}

fn text(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_else(|| format!("{error:?}"))
}
