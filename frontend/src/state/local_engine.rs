//! The model in this browser, as the page sees it: what the worker says becomes signals, and each
//! command finds its answer.

use std::collections::HashMap;

use futures_channel::{mpsc, oneshot};
use leptos::prelude::*;
use protocol::api::forced_decoding::{ForcedDecodingRequest, ForcedDecodingResponse};
use protocol::api::generate::StreamEvent;
use protocol::api::score::{ScoreRequest, ScoreResponse};
use protocol::local::{
    AfterLoss, Capabilities, Command, DeviceChoice, DeviceTrial, Download, Event, FailedCommand,
    IdentifiedLanguage, LoadStage, LoadedModel, WayOut,
};

use super::problem::Problem;
use crate::local::LocalClient;

/// How far the model is.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Load {
    /// None was asked for.
    #[default]
    None,
    /// On its way.
    UnderWay {
        /// Identifier.
        model: String,
        /// What is done.
        stage: Option<LoadStage>,
        /// How far the download is, once it has begun.
        download: Option<Download>,
    },
    /// It can be used.
    Ready(Box<LoadedModel>),
    /// It was broken off; what has arrived is kept.
    Cancelled,
    /// It came to nothing.
    Failed(Problem),
}

/// The answer to a load.
pub type Loaded = Result<(), Problem>;

/// The engine of this browser.
#[derive(Clone, Copy)]
pub struct LocalEngine {
    /// What the browser can do; absent until the worker has said it.
    pub capabilities: RwSignal<Option<Capabilities>>,
    /// How far the model is.
    pub load: RwSignal<Load>,
    /// What the last trial measured.
    pub trials: RwSignal<Vec<DeviceTrial>>,
    /// What went wrong apart from a load or a run.
    pub problem: RwSignal<Option<Problem>>,
    /// What the page does about a lost graphics card, until the model is there again.
    pub notice: RwSignal<Option<String>>,
    client: StoredValue<LocalClient, LocalStorage>,
    waiting: StoredValue<Waiting, LocalStorage>,
}

/// Who waits for one answer each.
type Answers<T> = HashMap<u64, oneshot::Sender<Result<T, Problem>>>;

/// Commands without an answer yet.
#[derive(Default)]
struct Waiting {
    last_id: u64,
    runs: HashMap<u64, mpsc::UnboundedSender<Result<StreamEvent, Problem>>>,
    forced: Answers<ForcedDecodingResponse>,
    scores: Answers<ScoreResponse>,
    identified: Answers<IdentifiedLanguage>,
    load: Option<PendingLoad>,
    /// Sent when the one above has ended: events do not say to which of two loads they belong.
    next_load: Option<PendingLoad>,
}

struct PendingLoad {
    model: String,
    device: DeviceChoice,
    cancelled: bool,
    answers: Vec<oneshot::Sender<Loaded>>,
}

impl LocalEngine {
    /// Starts the worker and makes the engine known to every part of the page.
    pub fn provide() {
        let origin = window().location().origin().unwrap_or_default();
        let waiting = StoredValue::new_local(Waiting::default());
        let load = RwSignal::new(Load::None);
        let (capabilities, trials) = (RwSignal::new(None), RwSignal::new(Vec::new()));
        let (problem, notice) = (RwSignal::new(None), RwSignal::new(None));
        // The client hands events to the engine, which has the client.
        let engine = StoredValue::new_local(None::<LocalEngine>);
        let client = LocalClient::new(origin, move |event| {
            if let Some(engine) = engine.get_value() {
                engine.hear(event);
            }
        });
        let made = Self {
            capabilities,
            load,
            trials,
            problem,
            notice,
            client: StoredValue::new_local(client),
            waiting,
        };
        engine.set_value(Some(made));
        provide_context(made);
        made.ask();
    }

    /// The one that [`LocalEngine::provide`] made known.
    pub fn get() -> Self {
        expect_context()
    }

    /// Asks the worker what the browser can do.
    pub fn ask(&self) {
        self.client.with_value(LocalClient::start);
    }

    /// Loads a model. Where it is loaded already that is quick.
    pub fn load(&self, model: &str, device: DeviceChoice) -> oneshot::Receiver<Loaded> {
        let (answer, receiver) = oneshot::channel();
        let mut begin = false;
        let mut cancel = false;
        self.waiting.update_value(|waiting| {
            let wanted = |load: &PendingLoad| {
                load.model == model && load.device == device && !load.cancelled
            };
            let fresh = || PendingLoad {
                model: model.to_owned(),
                device,
                cancelled: false,
                answers: Vec::new(),
            };
            let load = match &mut waiting.load {
                None => {
                    begin = true;
                    waiting.load.insert(fresh())
                }
                Some(load) if wanted(load) => load,
                Some(load) => {
                    cancel = !std::mem::replace(&mut load.cancelled, true);
                    match &mut waiting.next_load {
                        Some(next) if wanted(next) => next,
                        // The answers of one that is replaced are dropped, which ends their wait.
                        next => next.insert(fresh()),
                    }
                }
            };
            load.answers.push(answer);
        });
        if begin {
            self.begin_load();
        }
        if cancel {
            self.send(Command::CancelLoad);
        }
        receiver
    }

    /// Breaks off the load under way.
    pub fn cancel_load(&self) {
        let mut cancel = false;
        self.waiting.update_value(|waiting| {
            waiting.next_load = None;
            if let Some(load) = &mut waiting.load {
                cancel = !std::mem::replace(&mut load.cancelled, true);
            }
        });
        if cancel {
            self.send(Command::CancelLoad);
        }
    }

    /// Deletes a model's files from this browser.
    pub fn remove(&self, model: String) {
        self.send(Command::Remove { model });
    }

    /// Sends the command that `make` makes of a fresh id; its stream of events comes back with the id.
    pub fn run(
        &self,
        make: impl FnOnce(u64) -> Command,
    ) -> (u64, mpsc::UnboundedReceiver<Result<StreamEvent, Problem>>) {
        let (sender, receiver) = mpsc::unbounded();
        let id = self.next_id();
        self.waiting.update_value(|waiting| {
            waiting.runs.insert(id, sender);
        });
        self.send(make(id));
        (id, receiver)
    }

    /// Forces a completion upon the loaded model.
    pub fn force(
        &self,
        request: ForcedDecodingRequest,
    ) -> (
        u64,
        oneshot::Receiver<Result<ForcedDecodingResponse, Problem>>,
    ) {
        self.question(
            |waiting| &mut waiting.forced,
            |id| Command::Force { id, request },
        )
    }

    /// Says how toxic texts are; no model needs to be loaded.
    pub fn score(
        &self,
        request: ScoreRequest,
    ) -> oneshot::Receiver<Result<ScoreResponse, Problem>> {
        self.question(
            |waiting| &mut waiting.scores,
            |id| Command::Score { id, request },
        )
        .1
    }

    /// Says which language a text is in; no model needs to be loaded.
    pub fn identify(&self, text: String) -> oneshot::Receiver<Result<IdentifiedLanguage, Problem>> {
        self.question(
            |waiting| &mut waiting.identified,
            |id| Command::Identify { id, text },
        )
        .1
    }

    fn question<T>(
        &self,
        among: impl FnOnce(&mut Waiting) -> &mut Answers<T>,
        make: impl FnOnce(u64) -> Command,
    ) -> (u64, oneshot::Receiver<Result<T, Problem>>) {
        let (sender, receiver) = oneshot::channel();
        let id = self.next_id();
        self.waiting.update_value(|waiting| {
            among(waiting).insert(id, sender);
        });
        self.send(make(id));
        (id, receiver)
    }

    /// Ends a run or a forced decoding after its current step.
    pub fn stop(&self, id: u64) {
        self.send(Command::Stop { id });
    }

    fn next_id(&self) -> u64 {
        let mut id = 0;
        self.waiting.update_value(|waiting| {
            waiting.last_id += 1;
            id = waiting.last_id;
        });
        id
    }

    fn send(&self, command: Command) {
        self.client.with_value(|client| client.send(command));
    }

    fn begin_load(&self) {
        let Some((model, device)) = self.waiting.with_value(|waiting| {
            let load = waiting.load.as_ref()?;
            Some((load.model.clone(), load.device))
        }) else {
            return;
        };
        self.notice.set(None);
        self.trials.set(Vec::new());
        self.load_under_way(model.clone());
        self.send(Command::Load {
            model,
            device,
            lost: Vec::new(),
        });
    }

    fn load_under_way(&self, model: String) {
        self.load.set(Load::UnderWay {
            model,
            stage: None,
            download: None,
        });
    }

    fn end_load(&self, load: Load, result: Loaded) {
        self.load.set(load);
        let mut next = false;
        self.waiting.update_value(|waiting| {
            for answer in waiting
                .load
                .take()
                .into_iter()
                .flat_map(|load| load.answers)
            {
                // Nobody waits any more where the reader has left.
                answer.send(result.clone()).ok();
            }
            waiting.load = waiting.next_load.take();
            next = waiting.load.is_some();
        });
        if next {
            self.begin_load();
        }
    }

    fn hear(&self, event: Event) {
        match event {
            Event::Ready => {}
            Event::Capabilities { capabilities } => self.capabilities.set(Some(*capabilities)),
            Event::Stage { stage: reached } => self.load.update(|load| {
                if let Load::UnderWay { stage, .. } = load {
                    *stage = Some(reached);
                }
            }),
            Event::Download { download: figures } => self.load.update(|load| {
                if let Load::UnderWay { download, .. } = load {
                    *download = Some(figures);
                }
            }),
            Event::Trial { trials } => self.trials.set(trials),
            Event::Loaded { loaded } => {
                self.notice.set(None);
                let listed = self.capabilities.with_untracked(|report| {
                    let mut kept = report.iter().flat_map(|report| &report.cached);
                    kept.any(|kept| kept.model == loaded.provenance.model)
                });
                let new = loaded.cached && !listed;
                self.end_load(Load::Ready(loaded), Ok(()));
                // Only then, as the answer takes time that the first token waits for.
                if new {
                    self.ask();
                }
            }
            Event::LoadCancelled => {
                let stopped = Problem {
                    message: "The model was not loaded; what has arrived is kept.".to_owned(),
                    ways_out: vec![WayOut::Retry],
                };
                self.end_load(Load::Cancelled, Err(stopped));
            }
            Event::Generation { id, event } => self.hand_over(id, Ok(event)),
            Event::Forced { id, response } => {
                self.answer(|waiting| &mut waiting.forced, id, Ok(response));
            }
            Event::Scored { id, response } => {
                self.answer(|waiting| &mut waiting.scores, id, Ok(response));
            }
            Event::Identified { id, found } => {
                self.answer(|waiting| &mut waiting.identified, id, Ok(found));
            }
            Event::Removed { .. } => self.ask(),
            Event::DeviceLost { reason, next } => self.lost(reason, next),
            Event::Failed { command, failure } => {
                let problem = Problem::from(failure);
                match command {
                    FailedCommand::Load { .. } => {
                        self.end_load(Load::Failed(problem.clone()), Err(problem));
                    }
                    FailedCommand::Force { id } => {
                        self.answer(|waiting| &mut waiting.forced, id, Err(problem));
                    }
                    FailedCommand::Score { id } => {
                        self.answer(|waiting| &mut waiting.scores, id, Err(problem));
                    }
                    FailedCommand::Remove { .. } | FailedCommand::Unreadable => {
                        self.problem.set(Some(problem));
                    }
                }
            }
            Event::Crashed { failure } => {
                let problem = Problem::from(failure);
                self.fail_all(&problem);
                self.end_load(Load::Failed(problem.clone()), Err(problem.clone()));
                self.problem.set(Some(problem));
            }
        }
    }

    /// The client loads the model again by itself.
    fn lost(&self, reason: String, next: AfterLoss) {
        let again = match next {
            AfterLoss::RetryWebGpu => "once more on the graphics card",
            AfterLoss::UseCpu => "on the processor",
        };
        self.fail_all(&Problem {
            message: format!("The graphics card was lost: {reason}"),
            ways_out: vec![WayOut::Retry],
        });
        self.notice.set(Some(format!(
            "The graphics card was lost ({reason}); the model is loaded {again}."
        )));
        let mut model = String::new();
        self.waiting.update_value(|waiting| {
            let load = waiting.load.get_or_insert_with(|| PendingLoad {
                model: match self.load.get_untracked() {
                    Load::Ready(loaded) => loaded.provenance.model,
                    _ => String::new(),
                },
                device: DeviceChoice::Auto,
                cancelled: false,
                answers: Vec::new(),
            });
            model.clone_from(&load.model);
        });
        self.load_under_way(model);
    }

    fn hand_over(&self, id: u64, event: Result<StreamEvent, Problem>) {
        let last = !matches!(
            event,
            Ok(StreamEvent::Start { .. } | StreamEvent::Token { .. })
        );
        self.waiting.update_value(|waiting| {
            if let Some(run) = waiting.runs.get(&id) {
                // Nobody listens any more where the reader has left.
                run.unbounded_send(event).ok();
            }
            if last {
                waiting.runs.remove(&id);
            }
        });
    }

    fn answer<T>(
        &self,
        among: impl FnOnce(&mut Waiting) -> &mut Answers<T>,
        id: u64,
        answer: Result<T, Problem>,
    ) {
        self.waiting.update_value(|waiting| {
            if let Some(asker) = among(waiting).remove(&id) {
                asker.send(answer).ok();
            }
        });
    }

    fn fail_all(&self, problem: &Problem) {
        self.waiting.update_value(|waiting| {
            for (_, run) in waiting.runs.drain() {
                run.unbounded_send(Err(problem.clone())).ok();
            }
            fail(&mut waiting.forced, problem);
            fail(&mut waiting.scores, problem);
            fail(&mut waiting.identified, problem);
        });
    }
}

fn fail<T>(answers: &mut Answers<T>, problem: &Problem) {
    for (_, asker) in answers.drain() {
        asker.send(Err(problem.clone())).ok();
    }
}
