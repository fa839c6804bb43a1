//! Whether the disk has room, asked before the first byte is fetched.

use std::path::Path;

use crate::hub::error::HubError;

/// Checks that `needed` more bytes fit on the disk of `directory`, which exists.
///
/// # Errors
/// [`HubError::DiskFull`] when they do not. A file system that cannot say passes: writing will
/// tell.
pub fn require(directory: &Path, needed: u64) -> Result<(), HubError> {
    match fs4::available_space(directory) {
        Ok(available) if available < needed => Err(HubError::DiskFull {
            path: directory.to_owned(),
            needed,
            available,
        }),
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, "free space of {} is not known", directory.display());
            Ok(())
        }
    }
}
