//! Studies that a server runs: one at a time, on a thread of its own, giving way to interactive
//! work between its steps.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use protocol::FieldError;
use protocol::study::api::NewStudy;
use protocol::study::{DataSource, StudyEvent, StudyState, StudyStatus, StudySummary};
use tokio::sync::broadcast;

use super::directory::StudyDirectory;
use super::engine_lab::EngineLab;
use super::error::StudyError;
use super::library::Library;
use super::opened::Opened;
use super::progress::Observer;
use super::run::run_locked;
use crate::data::DataSet;
use crate::executor::ModelReader;
use crate::hub::{Hub, ModelId};

/// Events that a slow reader may be behind.
const EVENTS: usize = 1024;
/// Between two looks whether interactive work is done.
const LOOK: Duration = Duration::from_millis(5);
/// A study waits no longer than this for interactive work, so that it ends on a busy server too.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a run is asked to do.
const GO_ON: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

/// Whether somebody waits for a model now.
pub type Busy = dyn Fn() -> bool + Send + Sync;

/// Where studies are run.
pub struct Desk {
    library: Library,
    hub: Hub,
    reader: ModelReader,
    /// Directories that may hold the data set.
    data: Vec<PathBuf>,
    busy: Arc<Busy>,
    running: Mutex<Option<Running>>,
}

struct Running {
    name: String,
    wish: Arc<AtomicU8>,
    /// The run has the strong one: whoever watches is told when it has gone, however that was.
    events: broadcast::WeakSender<StudyEvent>,
    thread: JoinHandle<()>,
}

impl Desk {
    /// For the studies of that library.
    pub fn new(
        library: Library,
        hub: Hub,
        reader: ModelReader,
        data: Vec<PathBuf>,
        busy: Arc<Busy>,
    ) -> Self {
        Self {
            library,
            hub,
            reader,
            data,
            busy,
            running: Mutex::new(None),
        }
    }

    /// All studies.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self) -> Result<Vec<StudySummary>, StudyError> {
        self.library.summaries()
    }

    /// A study to look at.
    ///
    /// # Errors
    /// There is none of that name, or it cannot be read.
    pub fn open(&self, name: &str) -> Result<Opened, StudyError> {
        self.library.look_at(name)
    }

    /// Makes a study, and begins with it if that is asked for.
    ///
    /// # Errors
    /// It cannot be carried out, or another one has its name.
    pub fn create(&self, new: &NewStudy) -> Result<StudyStatus, StudyError> {
        // Clients name models; paths are for those who sit at the machine.
        let models = [
            ("spec.model", Some(&new.spec.model)),
            ("spec.perplexity.model", new.spec.perplexity.model.as_ref()),
        ];
        for (field, model) in models {
            if let Some(model) = model {
                let id = ModelId::new(model)
                    .map_err(|error| FieldError::new(field, error.to_string()))?;
                self.hub
                    .resolve_id(&id)
                    .map_err(|error| FieldError::new(field, error.to_string()))?;
            }
        }
        let data = match new.spec.data {
            DataSource::Sample => None,
            DataSource::Multiparadetox => Some(self.data(&new.spec.name)?),
        };
        // Nothing is made that cannot begin as was asked.
        if new.run
            && let Some(running) = running(&self.place())
        {
            return Err(StudyError::Busy { running });
        }
        let study = self.library.create(&new.spec, data.as_deref())?;
        if new.run {
            self.start(&new.spec.name)?;
        }
        study.status()
    }

    fn data(&self, name: &str) -> Result<PathBuf, StudyError> {
        DataSet::find("multiparadetox")
            .and_then(|set| self.data.iter().find_map(|root| set.locate(root)))
            .ok_or_else(|| StudyError::NoData {
                name: name.to_owned(),
            })
    }

    /// Begins with a study, or goes on with it.
    ///
    /// # Errors
    /// It came with the program, or a study is running.
    pub fn start(&self, name: &str) -> Result<(), StudyError> {
        let study = match self.library.look_at(name)? {
            Opened::Own(study) => *study,
            Opened::Example(_) => {
                return Err(StudyError::ReadOnly {
                    name: name.to_owned(),
                    action: "run",
                });
            }
        };
        let mut place = self.place();
        if let Some(running) = running(&place) {
            return Err(StudyError::Busy { running });
        }
        // Another process may be at it. From here on it runs, though its model is still to be read.
        let lock = study.lock()?;
        let (events, _) = broadcast::channel(EVENTS);
        let wish = Arc::new(AtomicU8::new(GO_ON));
        let watched = events.downgrade();
        let mut listener = Listener {
            events,
            ended: false,
            wish: Arc::clone(&wish),
            busy: Arc::clone(&self.busy),
        };
        let (hub, reader) = (self.hub.clone(), self.reader.clone());
        let thread = std::thread::Builder::new()
            .name("study".into())
            .spawn(move || {
                to_its_end(&study, &mut listener, |listener| {
                    let mut lab = EngineLab::open(&hub, reader, &study)?;
                    run_locked(&study, lock, &mut lab, listener)
                });
            })
            .map_err(|source| {
                StudyError::Store(crate::store::StoreError::Io {
                    path: "study thread".into(),
                    source,
                })
            })?;
        *place = Some(Running {
            name: name.to_owned(),
            wish,
            events: watched,
            thread,
        });
        Ok(())
    }

    /// Stops a study where nothing is lost, or (`at_once`) right now: then the piece under way is
    /// done again later.
    ///
    /// # Errors
    /// There is none of that name, or another process runs it.
    pub fn stop(&self, name: &str, at_once: bool) -> Result<(), StudyError> {
        let study = match self.library.look_at(name)? {
            Opened::Own(study) => *study,
            Opened::Example(_) => return Ok(()),
        };
        let place = self.place();
        match place.as_ref().filter(|running| running.name == name) {
            Some(running) if !running.thread.is_finished() => {
                let wish = if at_once { STOP } else { PAUSE };
                running.wish.store(wish, Ordering::Relaxed);
                Ok(())
            }
            // What does not run need not be stopped; what another process runs cannot be.
            _ => study.lock().map(drop),
        }
    }

    /// What the study reports from now on; `None` if it does not run in this process.
    pub fn events(&self, name: &str) -> Option<broadcast::Receiver<StudyEvent>> {
        let place = self.place();
        place
            .as_ref()
            .filter(|running| running.name == name && !running.thread.is_finished())
            .and_then(|running| running.events.upgrade())
            .map(|events| events.subscribe())
    }

    /// Stops what runs, and waits a little for it; whatever is lost then is done again.
    pub fn shut_down(&self, patience: Duration) {
        let running = self.place().take();
        if let Some(running) = running {
            running.wish.store(STOP, Ordering::Relaxed);
            let begun = Instant::now();
            while !running.thread.is_finished() && begun.elapsed() < patience {
                std::thread::sleep(LOOK);
            }
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The study that runs in this process.
fn running(place: &Option<Running>) -> Option<String> {
    let running = place.as_ref();
    let running = running.filter(|running| !running.thread.is_finished())?;
    Some(running.name.clone())
}

/// A study's thread: whatever happens to the run, it is recorded and told.
fn to_its_end(
    study: &StudyDirectory,
    listener: &mut Listener,
    work: impl FnOnce(&mut Listener) -> Result<StudyState, StudyError>,
) {
    let ended = catch_unwind(AssertUnwindSafe(|| work(listener)));
    let error = match ended {
        Ok(Ok(_)) => return,
        Ok(Err(error)) => error,
        Err(panic) => StudyError::Panicked(message(&*panic)),
    };
    tracing::warn!(%error, "a study has failed");
    // A run says so itself, unless it could not begin or broke off.
    if listener.ended {
        return;
    }
    // What another process works on is its own to say.
    if !matches!(error, StudyError::Locked { .. }) {
        study.fail(&error);
    }
    listener.hear(&StudyEvent::Ended {
        state: StudyState::Failed,
        failure: Some(error.to_string()),
    });
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason was given")
        .to_owned()
}

struct Listener {
    events: broadcast::Sender<StudyEvent>,
    /// Heard already.
    ended: bool,
    wish: Arc<AtomicU8>,
    busy: Arc<Busy>,
}

impl Observer for Listener {
    fn hear(&mut self, event: &StudyEvent) {
        self.ended |= matches!(event, StudyEvent::Ended { .. });
        // Nobody may be listening.
        let _ = self.events.send(event.clone());
    }

    fn pace(&mut self, free: bool) -> ControlFlow<()> {
        let begun = Instant::now();
        loop {
            match self.wish.load(Ordering::Relaxed) {
                STOP => return ControlFlow::Break(()),
                PAUSE if free => return ControlFlow::Break(()),
                _ => {}
            }
            if !(self.busy)() || begun.elapsed() >= PATIENCE {
                return ControlFlow::Continue(());
            }
            std::thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use protocol::study::Preset;
    use tokio::sync::broadcast::error::TryRecvError;

    use super::super::directory::Progress;
    use super::*;

    fn study(home: &std::path::Path) -> StudyDirectory {
        let spec = Preset::Sample.spec("m");
        Library::new(home).create(&spec, None).unwrap()
    }

    /// What a watcher hears of a run.
    fn heard(
        study: &StudyDirectory,
        work: impl FnOnce(&mut Listener) -> Result<StudyState, StudyError>,
    ) -> Vec<StudyEvent> {
        let (events, mut reports) = broadcast::channel(EVENTS);
        let weak = events.downgrade();
        let mut listener = Listener {
            events,
            ended: false,
            wish: Arc::default(),
            busy: Arc::new(|| false),
        };
        to_its_end(study, &mut listener, work);
        drop(listener);
        assert!(weak.upgrade().is_none());
        let heard = std::iter::from_fn(|| reports.try_recv().ok()).collect();
        assert_eq!(reports.try_recv(), Err(TryRecvError::Closed));
        heard
    }

    #[test]
    fn a_run_that_breaks_off_is_recorded_and_told_once() {
        let home = tempfile::tempdir().unwrap();
        let study = study(home.path());
        let heard = heard(&study, |_| {
            let _lock = study.lock()?;
            panic!("on purpose")
        });
        let [StudyEvent::Ended { state, failure }] = &heard[..] else {
            panic!("{heard:?}");
        };
        assert_eq!(*state, StudyState::Failed);
        assert!(failure.as_ref().unwrap().contains("on purpose"));
        assert_eq!(study.state().unwrap(), StudyState::Failed);
        assert_eq!(study.progress().unwrap().failure, *failure);
    }

    #[test]
    fn a_run_that_does_nothing_overwrites_nothing() {
        let home = tempfile::tempdir().unwrap();
        let study = study(home.path());
        let running = Progress {
            state: Some(StudyState::Running),
            ..Progress::default()
        };
        study.write_progress(&running).unwrap();
        // Another process has it.
        let lock = study.lock().unwrap();
        heard(&study, |_| study.lock().map(|_| StudyState::Finished));
        study.fail(&StudyError::Scorer("gone".into()));
        drop(lock);
        assert_eq!(study.progress().unwrap(), running);
        let finished = Progress {
            state: Some(StudyState::Finished),
            ..Progress::default()
        };
        study.write_progress(&finished).unwrap();
        let heard = heard(&study, |_| Err(StudyError::Scorer("gone".into())));
        assert_eq!(heard.len(), 1);
        assert_eq!(study.progress().unwrap(), finished);
    }

    #[test]
    fn only_one_end_is_told() {
        let home = tempfile::tempdir().unwrap();
        let heard = heard(&study(home.path()), |listener| {
            listener.hear(&StudyEvent::Ended {
                state: StudyState::Failed,
                failure: None,
            });
            Err(StudyError::Scorer("gone".into()))
        });
        assert_eq!(heard.len(), 1);
    }
}
