//! A model file that appears as a whole.

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use engine::checkpoint::gguf::RewriteError;
use tempfile::NamedTempFile;

use crate::cli::Failure;

/// What a model file is written to.
pub type Sink = BufWriter<NamedTempFile>;

/// Writes `out`, over what is there.
///
/// # Errors
/// What `write` returns, or a disk that does not take it.
pub fn write_file(
    out: &Path,
    write: impl FnOnce(Sink) -> Result<Sink, RewriteError>,
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
    let sink = write(BufWriter::with_capacity(1 << 20, file))?;
    let file = sink
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(out).map_err(|error| failed(error.error))?;
    Ok(())
}

impl From<RewriteError> for Failure {
    fn from(error: RewriteError) -> Self {
        match error {
            RewriteError::Model(error) => error.into(),
            RewriteError::Write(error) => Self::new(error),
        }
    }
}
