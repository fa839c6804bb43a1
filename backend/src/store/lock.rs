//! One process at a time works in a directory: a lock file that the system releases when its
//! holder ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::error::StoreError;

/// Looking whether somebody holds the lock takes it for a moment; nobody is refused because of
/// that.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Held while it lives.
#[derive(Debug)]
pub struct DirectoryLock {
    file: File,
}

impl DirectoryLock {
    /// Takes the lock of `directory`, which exists.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it, [`StoreError::Io`] when there can be no
    /// lock file.
    pub fn acquire(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked {
                        path: directory.to_owned(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(StoreError::io(&path)(error)),
            }
        }
        Ok(Self { file })
    }

    /// Whether somebody holds the lock of `directory` now.
    pub fn is_held(directory: &Path) -> bool {
        fs::File::open(directory.join("lock"))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for DirectoryLock {
    /// Closing the file would not be enough: a child process that is being started at this moment
    /// still has a copy of it, and with the copy the lock.
    fn drop(&mut self) {
        // Nothing to be done about a failure; the system releases the lock with the process.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!DirectoryLock::is_held(directory.path()));
        let lock = DirectoryLock::acquire(directory.path()).unwrap();
        assert!(DirectoryLock::is_held(directory.path()));
        let second = DirectoryLock::acquire(directory.path());
        assert!(matches!(second, Err(StoreError::Locked { .. })));
        drop(lock);
        assert!(!DirectoryLock::is_held(directory.path()));
        DirectoryLock::acquire(directory.path()).unwrap();
    }
}
