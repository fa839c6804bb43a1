//! One process at a time works on a model: a lock file that the system releases when its holder
//! ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::hub::error::HubError;
use crate::hub::model_id::ModelId;

/// Held while it lives.
#[derive(Debug)]
pub struct ModelLock {
    file: File,
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
        Ok(Self { file })
    }
}

impl Drop for ModelLock {
    /// Closing the file would not be enough: a child process that is being started at this moment
    /// still has a copy of it, and with the copy the lock.
    fn drop(&mut self) {
        // Nothing to be done about a failure; the system releases the lock with the process.
        let _ = self.file.unlock();
    }
}
