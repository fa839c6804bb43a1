//! A model file that appears as a whole.

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::cli::Failure;

/// What a model file is written to.
pub type Sink = BufWriter<NamedTempFile>;

/// Writes `out`, over what is there.
///
/// # Errors
/// What `write` returns, or a disk that does not take it.
pub fn write_file<E: Into<Failure>>(
    out: &Path,
    write: impl FnOnce(Sink) -> Result<Sink, E>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", out.display()));
    let directory = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(directory).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other file of the user; the default would keep it from everybody else.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let file = builder.tempfile_in(directory).map_err(failed)?;
    let sink = write(BufWriter::with_capacity(1 << 20, file)).map_err(Into::into)?;
    let file = sink
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(out).map_err(|error| failed(error.error))?;
    Ok(())
}
