//! Models that are made from another one on this machine, by leaving tokens out of it.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use engine::checkpoint::gguf::Gguf;
use engine::checkpoint::gguf::RewriteError;
use engine::trim::{plan, write};

use super::event::PullObserver;
use super::hugging_face::tell;
use super::partial::Partial;
use crate::hub::error::HubError;
use crate::hub::file_source::FileSource;
use crate::hub::kept_tokens::KeptTokens;

/// Writes the trimmed file of the full model at `full` into `partial`, with the embedded list for
/// the model `id`. Begins afresh, as it takes seconds.
///
/// # Errors
/// [`HubError::Source`] when the full model is not the one of the list; [`HubError::DiskFull`],
/// [`HubError::Io`], [`HubError::Checkpoint`], [`HubError::Record`].
pub fn fetch(
    id: &str,
    full: (&Path, &str),
    partial: &mut Partial,
    observer: &mut dyn PullObserver,
) -> Result<(), HubError> {
    let (path, sha256) = full;
    let list = KeptTokens::embedded(id)?;
    if sha256 != list.source_sha256 {
        return Err(HubError::Source(format!(
            "{} is another file (SHA-256 {sha256}) than the one to be trimmed ({})",
            path.display(),
            list.source_sha256
        )));
    }
    let source = FileSource::open(path)?;
    let header = Gguf::open(&source)?;
    let selection = list.selection()?;
    let metadata = plan(header.metadata(), &selection, &list.provenance())?;
    partial.truncate(0)?;
    let mut sink = Sink {
        told: tell(partial, observer),
        partial,
        failure: None,
    };
    let buffered = BufWriter::with_capacity(1 << 20, &mut sink);
    let written = match write(&source, &selection, &metadata, buffered) {
        Ok(mut buffered) => buffered
            .flush()
            .map_err(|error| HubError::Source(error.to_string())),
        Err(RewriteError::Model(error)) => Err(error.into()),
        Err(RewriteError::Write(error)) => Err(HubError::Source(error.to_string())),
    };
    sink.failure.map_or(written, Err)
}

/// A [`Partial`] as something to write to; keeps the error that [`io::Error`] cannot carry.
struct Sink<'a, T: FnMut(u64)> {
    partial: &'a mut Partial,
    told: T,
    failure: Option<HubError>,
}

impl<T: FnMut(u64)> Write for Sink<'_, T> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        match self.partial.append(block) {
            Ok(()) => {
                (self.told)(self.partial.bytes());
                Ok(block.len())
            }
            Err(error) => {
                let told = io::Error::other(error.to_string());
                self.failure = Some(error);
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::hub::PullEvent;
    use crate::hub::manifest::ManifestFile;

    struct Silent;

    impl PullObserver for Silent {
        fn event(&mut self, _: &PullEvent) {}

        fn accept(&mut self, _: &str) -> bool {
            true
        }
    }

    #[test]
    fn another_full_model_is_refused_by_its_hash() {
        let directory = tempfile::tempdir().unwrap();
        let wanted = ManifestFile {
            name: "a.gguf".into(),
            bytes: 8,
            sha256: String::new(),
            sources: Vec::new(),
        };
        let mut partial = Partial::open(&directory.path().join("a"), &wanted).unwrap();
        let full = (Path::new("full.gguf"), "0123");
        let error = fetch("gemma-3-270m-mini", full, &mut partial, &mut Silent);
        let message = error.unwrap_err().to_string();
        assert!(
            message.contains("full.gguf") && message.contains("0123"),
            "{message}"
        );
    }
}
