//! Files and directories that appear whole or not at all: written beside their place, flushed to
//! the disk, then renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::error::HubError;

/// Writes `value` as JSON to `path`, creating its directory.
///
/// # Errors
/// [`HubError::Io`]; what was at `path` before is then still there.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), HubError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| HubError::Record {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    text.push(b'\n');
    write_bytes(path, &text)
}

/// Writes `bytes` to `path`, creating its directory.
///
/// # Errors
/// As [`write_json`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), HubError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(HubError::io(directory))?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other file of the user; the default would keep it from everybody else.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder
        .tempfile_in(directory)
        .map_err(HubError::io(directory))?;
    file.write_all(bytes).map_err(HubError::io(path))?;
    file.as_file().sync_all().map_err(HubError::io(path))?;
    file.persist(path)
        .map_err(|error| HubError::io(path)(error.error))?;
    sync_directory(directory)
}

/// Renames the directory `from`, whose files are already flushed, to `to`, which does not exist.
///
/// # Errors
/// [`HubError::Io`]; `from` is then still there.
pub fn publish_directory(from: &Path, to: &Path) -> Result<(), HubError> {
    sync_directory(from)?;
    fs::rename(from, to).map_err(HubError::io(to))?;
    sync_directory(to.parent().unwrap_or(Path::new(".")))
}

/// Makes renames in `directory` last through a power cut. Only Unix lets a directory be flushed;
/// elsewhere the file system's own journal has to do.
fn sync_directory(directory: &Path) -> Result<(), HubError> {
    let flush = || -> io::Result<()> {
        if cfg!(unix) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    };
    flush().map_err(HubError::io(directory))
}
