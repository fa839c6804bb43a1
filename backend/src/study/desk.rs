//! Studies that a server runs: one at a time, on a thread of its own, giving way to interactive
//! work between its steps.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use protocol::FieldError;
use protocol::study::api::NewStudy;
use protocol::study::{DataSource, StudyEvent, StudyState, StudyStatus, StudySummary};
use tokio::sync::broadcast;

use super::engine_lab::EngineLab;
use super::error::StudyError;
use super::library::Library;
use super::opened::Opened;
use super::progress::Observer;
use super::run::run;
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
    events: broadcast::Sender<StudyEvent>,
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
        self.library.summaries(|name, error| {
            tracing::warn!(name, %error, "a study cannot be read");
        })
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
            Opened::Own(study) => study,
            Opened::Example(_) => {
                return Err(StudyError::ReadOnly {
                    name: name.to_owned(),
                    action: "run",
                });
            }
        };
        let mut place = self.place();
        if let Some(running) = place
            .as_ref()
            .filter(|running| !running.thread.is_finished())
        {
            return Err(StudyError::Busy {
                running: running.name.clone(),
            });
        }
        // Another process may be at it; the run takes the lock for itself.
        drop(study.lock()?);
        let (events, _) = broadcast::channel(EVENTS);
        let wish = Arc::new(AtomicU8::new(GO_ON));
        let mut listener = Listener {
            events: events.clone(),
            wish: Arc::clone(&wish),
            busy: Arc::clone(&self.busy),
        };
        let (hub, reader) = (self.hub.clone(), self.reader.clone());
        let thread = std::thread::Builder::new()
            .name("study".into())
            .spawn(move || {
                let ended = EngineLab::open(&hub, reader, study.spec())
                    .and_then(|mut lab| run(&study, &mut lab, &mut listener));
                if let Err(error) = ended {
                    tracing::warn!(%error, "a study has failed");
                    study.fail(&error);
                    // For a run that could not even begin; others have said so.
                    listener.hear(&StudyEvent::Ended {
                        state: StudyState::Failed,
                        failure: Some(error.to_string()),
                    });
                }
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
            events,
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
            Opened::Own(study) => study,
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
            .map(|running| running.events.subscribe())
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

struct Listener {
    events: broadcast::Sender<StudyEvent>,
    wish: Arc<AtomicU8>,
    busy: Arc<Busy>,
}

impl Observer for Listener {
    fn hear(&mut self, event: &StudyEvent) {
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
