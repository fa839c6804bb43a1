//! Files that the user already has.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::event::PullObserver;
use super::hugging_face::tell;
use super::partial::Partial;
use crate::hub::error::HubError;

/// Copies the file from `path`: the file itself, or a directory that holds one of its name.
///
/// # Errors
/// [`HubError::Io`], [`HubError::DiskFull`], [`HubError::Mismatch`].
pub fn fetch(
    path: &Path,
    partial: &mut Partial,
    observer: &mut dyn PullObserver,
) -> Result<(), HubError> {
    let path: PathBuf = match path.is_dir() {
        true => path.join(partial.name()),
        false => path.to_owned(),
    };
    let mut file = File::open(&path).map_err(HubError::io(&path))?;
    let found = file.metadata().map_err(HubError::io(&path))?.len();
    if found != partial.expected() {
        return Err(HubError::Mismatch {
            file: path.display().to_string(),
            what: "size",
            expected: partial.expected().to_string(),
            found: found.to_string(),
        });
    }
    partial.truncate(0)?;
    let told = tell(partial, observer);
    partial.append_from(&mut file, told)
}
