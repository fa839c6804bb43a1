//! What the handlers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use protocol::api::ErrorKind;
use protocol::api::devices::DeviceEntry;

use super::error::ApiError;
use super::metrics::Metrics;
use crate::adapters::{AdapterShelf, AdapterStore};
use crate::data::DataLibrary;
use crate::executor::{Shelf, Shelved};
use crate::study::Desk;

/// Shared by all requests.
pub struct Server {
    /// The models in memory.
    pub shelf: Arc<Shelf>,
    /// Used where a request names no model.
    pub default_model: String,
    /// Asked anew for each request, because graphics cards come and go.
    pub devices: Box<dyn Fn() -> Vec<DeviceEntry> + Send + Sync>,
    /// The data sets that it shows.
    pub data: DataLibrary,
    /// The adapters that requests can name.
    pub adapters: Arc<AdapterShelf>,
    /// Where studies are run, if it has a place for them.
    pub studies: Option<Arc<Desk>>,
    /// Counts of requests.
    pub metrics: Metrics,
    shutting_down: AtomicBool,
}

impl Server {
    /// A server that is not being stopped.
    pub fn new(
        shelf: Arc<Shelf>,
        default_model: String,
        devices: Box<dyn Fn() -> Vec<DeviceEntry> + Send + Sync>,
    ) -> Self {
        Self {
            metrics: Metrics::new(Arc::clone(&shelf)),
            shelf,
            default_model,
            devices,
            data: DataLibrary::default(),
            adapters: Arc::new(AdapterShelf::new(None)),
            studies: None,
            shutting_down: AtomicBool::new(false),
        }
    }

    /// Shows these data sets too, beside the embedded sample.
    #[must_use]
    pub fn with_data(self, data: DataLibrary) -> Self {
        Self { data, ..self }
    }

    /// Runs studies at this desk.
    #[must_use]
    pub fn with_studies(self, desk: Desk) -> Self {
        Self {
            studies: Some(Arc::new(desk)),
            ..self
        }
    }

    /// Offers the adapters of this store.
    #[must_use]
    pub fn with_adapters(self, store: AdapterStore) -> Self {
        Self {
            adapters: Arc::new(AdapterShelf::new(Some(store))),
            ..self
        }
    }

    /// The model of that name, or the default one.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn model(&self, name: Option<&str>) -> Result<Arc<Shelved>, ApiError> {
        if self.shutting_down() {
            return Err(ApiError::new(
                ErrorKind::ShuttingDown,
                "the server is being stopped",
            ));
        }
        let name = name.unwrap_or(&self.default_model);
        Ok(self.shelf.get(name).await?)
    }

    /// No more requests are taken.
    pub fn shutting_down(&self) -> bool {
        self.shutting_down.load(Ordering::Relaxed)
    }

    /// Takes no more requests.
    pub fn begin_shutdown(&self) {
        self.shutting_down.store(true, Ordering::Relaxed);
    }
}
