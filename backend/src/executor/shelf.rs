//! The models in memory, each with its executor. A model is loaded when it is first asked for and
//! put away when another one needs its room.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::provenance::ModelProvenance;
use tokio::sync::Mutex as AsyncMutex;

use super::{Executor, Limits, TextModel};
use crate::hub::ResolvedFile;

/// A model as a library hands it over.
pub struct Loaded {
    /// The model itself.
    pub model: Arc<dyn TextModel>,
    /// Where it comes from and what it runs on.
    pub provenance: ModelProvenance,
}

/// A model that a library knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Identifier.
    pub id: String,
    /// Architecture family.
    pub family: String,
    /// Languages it was trained on, as BCP-47 codes.
    pub languages: Vec<String>,
    /// Licence or terms of use.
    pub licence: String,
    /// Size of its files.
    pub bytes: u64,
    /// Its files are on this machine.
    pub installed: bool,
}

/// The files of a model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesOnDisk {
    /// The model's hash for provenance.
    pub sha256: String,
    /// Each file.
    pub files: Vec<ResolvedFile>,
}

/// Where models come from.
pub trait Library: Send + Sync {
    /// What there is. Blocks.
    ///
    /// # Errors
    /// Where the disk cannot be read.
    fn titles(&self) -> Result<Vec<Title>, ShelfError>;

    /// Reads a model into memory. Blocks.
    ///
    /// # Errors
    /// There is no such model, it is not on this machine, or it cannot be read.
    fn load(&self, id: &str) -> Result<Loaded, ShelfError>;

    /// The files of a model, for those who run it themselves. Blocks.
    ///
    /// # Errors
    /// As [`Library::load`].
    fn files(&self, id: &str) -> Result<FilesOnDisk, ShelfError>;
}

/// Why a model cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShelfError {
    /// No model of this name is known.
    #[error("{0}")]
    Unknown(String),
    /// It is known, but not on this machine, or cannot be read.
    #[error("{0}")]
    Unavailable(String),
    /// Every place is taken by a model that is at work.
    #[error("{0} models are in memory and at work; try again later")]
    NoRoom(usize),
}

/// A model on the shelf.
pub struct Shelved {
    /// Identifier it was asked for by.
    pub id: String,
    /// Its queue.
    pub executor: Executor,
    /// Where it comes from and what it runs on.
    pub provenance: ModelProvenance,
    last_used: AtomicU64,
}

/// The models in memory.
pub struct Shelf {
    library: Arc<dyn Library>,
    limits: Limits,
    capacity: usize,
    shelved: Mutex<BTreeMap<String, Arc<Shelved>>>,
    /// One model is loaded at a time: two at once would need the memory of both.
    loading: AsyncMutex<()>,
    clock: AtomicU64,
}

impl Shelf {
    /// An empty shelf for `capacity` models.
    pub fn new(library: Arc<dyn Library>, limits: Limits, capacity: usize) -> Self {
        Self {
            library,
            limits,
            capacity: capacity.max(1),
            shelved: Mutex::new(BTreeMap::new()),
            loading: AsyncMutex::new(()),
            clock: AtomicU64::new(0),
        }
    }

    /// Where the models come from.
    pub fn library(&self) -> &Arc<dyn Library> {
        &self.library
    }

    /// The models in memory, by name.
    pub fn loaded(&self) -> Vec<Arc<Shelved>> {
        self.books().values().cloned().collect()
    }

    /// The model of that name, loaded if it is not yet.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn get(&self, id: &str) -> Result<Arc<Shelved>, ShelfError> {
        if let Some(shelved) = self.find(id) {
            return Ok(shelved);
        }
        let _one_at_a_time = self.loading.lock().await;
        // Another request may have brought it meanwhile.
        if let Some(shelved) = self.find(id) {
            return Ok(shelved);
        }
        let library = Arc::clone(&self.library);
        let name = id.to_owned();
        // What cannot be had must not push another model out, so loading comes first where the
        // shelf is full of models at work.
        if self.books().len() >= self.capacity && self.idle().is_none() {
            return Err(ShelfError::NoRoom(self.capacity));
        }
        let loaded = tokio::task::spawn_blocking(move || library.load(&name))
            .await
            .map_err(|error| {
                ShelfError::Unavailable(format!("loading `{id}` failed: {error}"))
            })??;
        self.make_room();
        let executor = Executor::start(loaded.model, self.limits)
            .map_err(|error| ShelfError::Unavailable(format!("no thread for `{id}`: {error}")))?;
        let shelved = Arc::new(Shelved {
            id: id.to_owned(),
            executor,
            provenance: loaded.provenance,
            last_used: AtomicU64::new(self.tick()),
        });
        self.books().insert(id.to_owned(), Arc::clone(&shelved));
        Ok(shelved)
    }

    fn find(&self, id: &str) -> Option<Arc<Shelved>> {
        let shelved = self.books().get(id).cloned()?;
        shelved.last_used.store(self.tick(), Ordering::Relaxed);
        Some(shelved)
    }

    /// The model that has been at rest for longest.
    fn idle(&self) -> Option<String> {
        self.books()
            .values()
            .filter(|shelved| {
                let load = shelved.executor.counters().load();
                load.running + load.waiting == 0
            })
            .min_by_key(|shelved| shelved.last_used.load(Ordering::Relaxed))
            .map(|shelved| shelved.id.clone())
    }

    fn make_room(&self) {
        while self.books().len() >= self.capacity {
            let Some(id) = self.idle() else { return };
            tracing::info!(id, "put away to make room");
            // Requests that hold it end normally: the executor stops with its last owner.
            self.books().remove(&id);
        }
    }

    /// Stops every model; see [`Executor::stop`].
    pub fn stop(&self, grace: Duration) {
        for shelved in self.loaded() {
            shelved.executor.stop(grace);
        }
    }

    /// Waits until every model has stopped. Blocks.
    pub fn join(&self) {
        for shelved in self.loaded() {
            shelved.executor.join();
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Shelved>>> {
        self.shelved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
