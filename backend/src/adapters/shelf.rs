//! The adapters that the server has in memory.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use engine::adapter::{Adapter, AppliedAdapter};
use engine::decoder::DecoderSpec;
use protocol::adapter::AdapterChoice;
use protocol::provenance::{AdapterProvenance, ModelProvenance};

use super::{AdapterError, AdapterStore};

/// Adapters in memory; each has a few million numbers.
const CAPACITY: usize = 8;

/// An adapter that was read for a model.
struct Kept {
    name: String,
    /// Of the model.
    sha256: String,
    /// Of the tensors file when it was read.
    stamp: Stamp,
    adapter: Arc<Adapter>,
    provenance: AdapterProvenance,
}

/// What changes when a file does.
#[derive(PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, AdapterError> {
        let metadata = fs::metadata(path).map_err(AdapterError::io(path))?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

/// Reads adapters when they are first asked for, and again when their file has changed.
pub struct AdapterShelf {
    store: Option<AdapterStore>,
    /// The one used last is at the end.
    kept: Mutex<VecDeque<Kept>>,
}

impl AdapterShelf {
    /// The adapters of a store; without one there are none.
    pub fn new(store: Option<AdapterStore>) -> Self {
        Self {
            store,
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// Where they lie.
    pub fn store(&self) -> Option<&AdapterStore> {
        self.store.as_ref()
    }

    /// The adapter of a request, for a model. Blocks.
    ///
    /// # Errors
    /// There is no such adapter, it does not fit the model, or the strength is out of range.
    pub fn get(
        &self,
        choice: &AdapterChoice,
        spec: &DecoderSpec,
        model: &ModelProvenance,
    ) -> Result<(AppliedAdapter, AdapterProvenance), AdapterError> {
        let store = self.store.as_ref().ok_or_else(|| AdapterError::Unknown {
            name: choice.name.clone(),
            known: Vec::new(),
        })?;
        let stored = store.find(&choice.name)?;
        let stamp = Stamp::of(&stored.tensors())?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept
            .iter()
            .position(|kept| kept.name == choice.name && kept.sha256 == model.sha256);
        let entry = match known.and_then(|position| kept.remove(position)) {
            Some(entry) if entry.stamp == stamp => entry,
            _ => {
                let read = stored.read(spec, model)?;
                Kept {
                    name: choice.name.clone(),
                    sha256: model.sha256.clone(),
                    stamp,
                    provenance: read.provenance(choice.strength),
                    adapter: Arc::new(read.adapter),
                }
            }
        };
        let adapter = Arc::clone(&entry.adapter);
        let provenance = AdapterProvenance {
            strength: choice.strength,
            ..entry.provenance.clone()
        };
        kept.push_back(entry);
        while kept.len() > CAPACITY {
            kept.pop_front();
        }
        let applied = AppliedAdapter::new(adapter, choice.strength);
        let applied = applied.map_err(|source| AdapterError::Engine {
            name: choice.name.clone(),
            source,
        })?;
        Ok((applied, provenance))
    }
}
