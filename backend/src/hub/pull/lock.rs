//! One process at a time works on a model: a lock file that the system releases when its holder
//! ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::hub::error::HubError;
use crate::hub::model_id::ModelId;

/// Held while it lives.
#[derive(Debug)]
pub struct ModelLock {
    _file: File,
}

impl ModelLock {
    /// Takes the lock of `id` in `directory`. When another process has it: calls `waiting` and
    /// waits when `wait` is set, fails otherwise.
    ///
    /// # Errors
    /// [`HubError::Locked`], or [`HubError::Io`] when there can be no lock file.
    pub fn acquire(
        directory: &Path,
        id: &ModelId,
        wait: bool,
        waiting: impl FnOnce(),
    ) -> Result<Self, HubError> {
        fs::create_dir_all(directory).map_err(HubError::io(directory))?;
        let path = directory.join(format!("{id}.lock"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(HubError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if wait => {
                waiting();
                file.lock().map_err(HubError::io(&path))?;
            }
            Err(TryLockError::WouldBlock) => return Err(HubError::Locked { id: id.clone() }),
            Err(TryLockError::Error(error)) => return Err(HubError::io(&path)(error)),
        }
        Ok(Self { _file: file })
    }
}
