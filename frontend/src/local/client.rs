//! Keeps a worker at hand: starts it, starts it anew after a crash, and loads the model again after
//! a graphics card was lost.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::task::spawn_local;
use protocol::api::{ErrorDetail, ErrorKind};
use protocol::local::{AfterLoss, Command, DeviceChoice, Event, LocalFailure, WayOut};

use super::process::{Output, Process};

/// The page's end of the worker. Cloning gives another handle on the same worker.
///
/// The worker starts with the first command. What it says arrives at the function that was given
/// to [`LocalClient::new`], save [`Event::Ready`]. After [`Event::Crashed`] the next command starts
/// another worker, which has no model loaded. After [`Event::DeviceLost`] the client itself does
/// what the event announces.
#[derive(Clone)]
pub struct LocalClient(Rc<Inner>);

struct Inner {
    api_base: String,
    on_event: Box<dyn Fn(Event)>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    process: Option<Process>,
    /// Counts the workers that ended, so that a dead one's last words are not heard.
    generation: u64,
    /// What to load again when the graphics card was lost.
    load: Option<(String, DeviceChoice, Vec<String>)>,
}

impl LocalClient {
    /// A client for the server at `api_base`, such as `http://127.0.0.1:8080`.
    pub fn new(api_base: impl Into<String>, on_event: impl Fn(Event) + 'static) -> Self {
        Self(Rc::new(Inner {
            api_base: api_base.into(),
            on_event: Box::new(on_event),
            state: RefCell::default(),
        }))
    }

    /// Asks for the capability report, which starts the worker.
    pub fn start(&self) {
        let api_base = self.0.api_base.clone();
        self.send(Command::Start { api_base });
    }

    /// Sends a command. Every answer, also that the worker cannot be started, comes as an event.
    pub fn send(&self, command: Command) {
        if let Command::Load {
            model,
            device,
            lost,
        } = &command
        {
            self.0.state.borrow_mut().load = Some((model.clone(), *device, lost.clone()));
        }
        let fresh = self.0.state.borrow().process.is_none();
        if fresh {
            if let Err(reason) = self.spawn() {
                // Later, so that the caller is not called back while it calls.
                let client = self.clone();
                spawn_local(async move { client.crashed(&reason) });
                return;
            }
            // A worker needs to know its server, whatever it is asked first.
            if !matches!(command, Command::Start { .. }) {
                let api_base = self.0.api_base.clone();
                self.post(Command::Start { api_base });
            }
        }
        self.post(command);
    }

    /// Ends the worker at once, whatever it is doing; the next command starts another one.
    pub fn end(&self) {
        let ended = {
            let mut state = self.0.state.borrow_mut();
            state.generation += 1;
            state.process.take()
        };
        drop(ended);
    }

    fn post(&self, command: Command) {
        if let Some(process) = &self.0.state.borrow().process {
            process.send(command);
        }
    }

    fn spawn(&self) -> Result<(), String> {
        let generation = self.0.state.borrow().generation;
        let inner = Rc::downgrade(&self.0);
        let process = Process::start(move |output| {
            let Some(inner) = inner.upgrade() else {
                return;
            };
            let client = LocalClient(inner);
            // The handler may end the worker, and with it the closure that runs it.
            spawn_local(async move {
                if client.0.state.borrow().generation == generation {
                    client.hear(output);
                }
            });
        })?;
        self.0.state.borrow_mut().process = Some(process);
        Ok(())
    }

    fn hear(&self, output: Output) {
        match output {
            Output::Event(Event::DeviceLost { reason, next }) => {
                self.end();
                self.tell(Event::DeviceLost {
                    reason: reason.clone(),
                    next,
                });
                self.load_again(reason, next);
            }
            Output::Event(Event::Crashed { failure }) => {
                self.end();
                self.tell(Event::Crashed { failure });
            }
            Output::Event(event) => self.tell(event),
            Output::Broken(reason) => self.crashed(&reason),
        }
    }

    fn load_again(&self, reason: String, next: AfterLoss) {
        let Some((model, choice, mut lost)) = self.0.state.borrow().load.clone() else {
            return;
        };
        lost.push(reason);
        let device = match next {
            AfterLoss::RetryWebGpu => choice,
            AfterLoss::UseCpu => DeviceChoice::Cpu,
        };
        self.send(Command::Load {
            model,
            device,
            lost,
        });
    }

    fn crashed(&self, reason: &str) {
        self.end();
        self.tell(Event::Crashed {
            failure: LocalFailure {
                error: ErrorDetail {
                    kind: ErrorKind::Unavailable,
                    message: format!("The inference worker: {reason}"),
                    field: None,
                },
                ways_out: vec![WayOut::RestartWorker, WayOut::UseServer],
            },
        });
    }

    fn tell(&self, event: Event) {
        (self.0.on_event)(event);
    }
}
