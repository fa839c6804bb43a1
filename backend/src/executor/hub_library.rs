//! The hub's models as a library for the shelf.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::engine_model::EngineModel;
use super::reader::ModelReader;
use super::shelf::{FilesOnDisk, Library, Loaded, ShelfError, Title};
use crate::hub::{Hub, HubError, ModelId, ResolvedModel};

/// Serves the models of a hub, and those at paths that the operator named.
pub struct HubLibrary {
    hub: Hub,
    reader: ModelReader,
    /// By identifier. Clients can name these and the hub's, never a path of their own.
    named: BTreeMap<String, ResolvedModel>,
}

impl HubLibrary {
    /// Of that hub, with `named` models beside its own.
    pub fn new(hub: Hub, reader: ModelReader, named: Vec<ResolvedModel>) -> Self {
        let named = named.into_iter().map(|model| (model.id.clone(), model));
        Self {
            hub,
            reader,
            named: named.collect(),
        }
    }

    fn resolve(&self, id: &str) -> Result<ResolvedModel, HubError> {
        if let Some(model) = self.named.get(id) {
            return Ok(model.clone());
        }
        match ModelId::new(id) {
            Ok(id) => self.hub.resolve_id(&id),
            Err(error) => Err(error),
        }
    }
}

impl Library for HubLibrary {
    fn titles(&self) -> Result<Vec<Title>, ShelfError> {
        let installed = self.hub.installed().map_err(told)?;
        let mut titles: Vec<Title> = self
            .hub
            .manifest()
            .models
            .iter()
            .map(|model| Title {
                id: model.id.to_string(),
                family: model.family.clone(),
                languages: model.languages.clone(),
                licence: model.licence.name.clone(),
                bytes: model.bytes(),
                installed: false,
            })
            .collect();
        for (id, record) in installed {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!(%id, %error, "a model on disk cannot be used");
                    continue;
                }
            };
            let title = Title {
                id: id.to_string(),
                bytes: record.bytes(),
                family: record.family,
                languages: record.languages,
                licence: record.licence.name,
                installed: true,
            };
            match titles.iter_mut().find(|other| other.id == title.id) {
                Some(other) => *other = title,
                None => titles.push(title),
            }
        }
        for (id, model) in &self.named {
            if !titles.iter().any(|title| title.id == *id) {
                titles.push(Title {
                    id: id.clone(),
                    family: String::new(),
                    languages: model.languages.clone(),
                    licence: String::new(),
                    bytes: model.bytes(),
                    installed: true,
                });
            }
        }
        Ok(titles)
    }

    fn load(&self, id: &str) -> Result<Loaded, ShelfError> {
        let resolved = self.resolve(id).map_err(told)?;
        tracing::info!(id, "reading a model");
        let (model, provenance) = self.reader.read(&resolved).map_err(told)?;
        Ok(Loaded {
            model: Arc::new(EngineModel(model)),
            provenance,
        })
    }

    fn files(&self, id: &str) -> Result<FilesOnDisk, ShelfError> {
        let resolved = self.resolve(id).map_err(told)?;
        Ok(FilesOnDisk {
            sha256: resolved.sha256,
            files: resolved.list,
        })
    }
}

fn told(error: HubError) -> ShelfError {
    let help = error.help().map(|help| format!(" ({help})"));
    let message = format!("{error}{}", help.unwrap_or_default());
    match error {
        HubError::UnknownModel { .. } | HubError::InvalidId { .. } => ShelfError::Unknown(message),
        _ => {
            tracing::warn!(%error, "a model cannot be had");
            ShelfError::Unavailable(message)
        }
    }
}
