//! The origin's private file system, as far as models are kept in it.

use js_sys::{Function, Promise, Uint8Array};
use protocol::local::{CachedModel, StorageEstimate};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions,
    FileSystemGetFileOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageManager,
};

use super::record::Record;
use super::shard::Shard;
use crate::failure::Failure;
use crate::javascript::{error_name, number, property, scope};

const ROOT: &str = "models";
const RECORD: &str = "record.json";

/// The directory of all models.
#[derive(Clone)]
pub struct Storage {
    manager: StorageManager,
    models: FileSystemDirectoryHandle,
}

/// The directory of one model.
#[derive(Clone)]
pub struct ModelDirectory(FileSystemDirectoryHandle);

impl Storage {
    /// Opens it.
    ///
    /// # Errors
    /// Where the browser keeps nothing for this page; the text says why.
    pub async fn open() -> Result<Self, String> {
        let navigator = scope().navigator();
        let manager = property(&navigator, "storage");
        if manager.is_undefined() || !property(&manager, "getDirectory").is_function() {
            return Err(
                "browsers keep files only for pages from https or from this machine itself; \
                 the model is downloaded on every visit"
                    .into(),
            );
        }
        let manager: StorageManager = manager.unchecked_into();
        let root: FileSystemDirectoryHandle = wait(manager.get_directory())
            .await
            .map_err(|failure| failure.to_string())?
            .unchecked_into();
        let models = directory(&root, ROOT)
            .await
            .map_err(|failure| failure.to_string())?;
        Ok(Self { manager, models })
    }

    /// What this site uses, and may use.
    pub async fn estimate(&self) -> Option<StorageEstimate> {
        let estimate = wait(self.manager.estimate().ok()?).await.ok()?;
        let persistent = match self.manager.persisted() {
            Ok(promise) => wait(promise).await.is_ok_and(|value| value.is_truthy()),
            Err(_) => false,
        };
        Some(StorageEstimate {
            usage: number(&estimate, "usage") as u64,
            quota: number(&estimate, "quota") as u64,
            persistent,
        })
    }

    /// Asks the browser not to clear the models by itself. It may refuse.
    pub async fn persist(&self) {
        if let Ok(promise) = self.manager.persist() {
            let _ = wait(promise).await;
        }
    }

    /// The directory of a model, made if it is not there.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn model(&self, id: &str) -> Result<ModelDirectory, Failure> {
        directory(&self.models, id).await.map(ModelDirectory)
    }

    /// Deletes what is kept of a model.
    ///
    /// # Errors
    /// Where another tab is writing it.
    pub async fn remove(&self, id: &str) -> Result<(), Failure> {
        remove(&self.models, id).await
    }

    /// The models that are wholly here.
    pub async fn cached(&self) -> Vec<CachedModel> {
        let mut cached = Vec::new();
        for id in names(&self.models).await.unwrap_or_default() {
            let Ok(directory) = self.model(&id).await else {
                continue;
            };
            if let Some(record) = directory.record().await
                && record.complete
            {
                cached.push(CachedModel {
                    bytes: record.list.bytes(),
                    sha256: record.list.sha256,
                    model: id,
                });
            }
        }
        cached.sort_by(|one, other| one.model.cmp(&other.model));
        cached
    }
}

impl ModelDirectory {
    /// The record; one that cannot be read is none.
    pub async fn record(&self) -> Option<Record> {
        let file = self.file(RECORD).await.ok()?;
        let text = wait(file.text()).await.ok()?.as_string()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes the record.
    ///
    /// # Errors
    /// Where there is no room, or another tab writes it.
    pub async fn write_record(&self, record: &Record) -> Result<(), Failure> {
        let text =
            serde_json::to_vec(record).map_err(|error| Failure::Browser(error.to_string()))?;
        self.write(RECORD, &text).await
    }

    /// The shards that are here, whole or not.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn shards(&self) -> Result<Vec<Shard>, Failure> {
        let names = names(&self.0).await?;
        Ok(names.iter().filter_map(|name| Shard::parse(name)).collect())
    }

    /// A file as it is now.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub async fn file(&self, name: &str) -> Result<File, Failure> {
        let handle: FileSystemFileHandle =
            wait(self.0.get_file_handle(name)).await?.unchecked_into();
        Ok(wait(handle.get_file()).await?.unchecked_into())
    }

    /// All bytes of a file.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub async fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let file = self.file(name).await?;
        let buffer = wait(file.array_buffer()).await?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    /// Writes a file, which holds these bytes afterwards and no others. Not atomic: shards carry
    /// their hash in their name, and an unreadable record is none.
    ///
    /// # Errors
    /// Where there is no room, or another tab writes the file.
    pub async fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let handle: FileSystemFileHandle =
            wait(self.0.get_file_handle_with_options(name, &options))
                .await?
                .unchecked_into();
        let access: FileSystemSyncAccessHandle = wait(handle.create_sync_access_handle())
            .await?
            .unchecked_into();
        let written = access
            .truncate_with_u32(0)
            .and_then(|()| access.write_with_u8_array(bytes))
            .and_then(|written| access.flush().map(|()| written));
        access.close();
        let no_room = Failure::NoRoom {
            bytes: bytes.len() as u64,
        };
        match written {
            Ok(written) if written == bytes.len() as f64 => Ok(()),
            Ok(_) => Err(no_room),
            Err(error) if error_name(&error) == "QuotaExceededError" => Err(no_room),
            Err(error) => Err(Failure::browser(&error)),
        }
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// Where another tab is writing it.
    pub async fn remove(&self, name: &str) -> Result<(), Failure> {
        remove(&self.0, name).await
    }

    /// Deletes every file.
    ///
    /// # Errors
    /// Where another tab is writing one.
    pub async fn clear(&self) -> Result<(), Failure> {
        for name in names(&self.0).await? {
            self.remove(&name).await?;
        }
        Ok(())
    }
}

async fn directory(
    parent: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<FileSystemDirectoryHandle, Failure> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(true);
    let promise = parent.get_directory_handle_with_options(name, &options);
    Ok(wait(promise).await?.unchecked_into())
}

async fn remove(parent: &FileSystemDirectoryHandle, name: &str) -> Result<(), Failure> {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    match JsFuture::from(parent.remove_entry_with_options(name, &options)).await {
        Ok(_) => Ok(()),
        Err(error) if error_name(&error) == "NotFoundError" => Ok(()),
        Err(error) => Err(Failure::browser(&error)),
    }
}

async fn names(directory: &FileSystemDirectoryHandle) -> Result<Vec<String>, Failure> {
    let keys = directory.keys();
    let next: Function = property(&keys, "next").unchecked_into();
    let mut names = Vec::new();
    loop {
        let promise: Promise = next
            .call0(&keys)
            .map_err(|error| Failure::browser(&error))?
            .unchecked_into();
        let entry = wait(promise).await?;
        if property(&entry, "done").is_truthy() {
            return Ok(names);
        }
        names.extend(property(&entry, "value").as_string());
    }
}

async fn wait(promise: Promise) -> Result<JsValue, Failure> {
    JsFuture::from(promise)
        .await
        .map_err(|error| Failure::browser(&error))
}
