//! Fetching against a server and a package client of our own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hugging_face;
mod keeping;
#[cfg(unix)]
mod package;
pub(crate) mod server;

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::hub::digest::hexadecimal;
use crate::hub::manifest::{Licence, Manifest};

/// Everything that was told; accepts the terms unless told not to.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) events: Vec<PullEvent>,
    pub(crate) declines: bool,
}

impl PullObserver for Witness {
    fn event(&mut self, event: &PullEvent) {
        self.events.push(event.clone());
    }

    fn accept(&mut self, _: &str) -> bool {
        !self.declines
    }
}

impl Witness {
    fn resumed_after(&self) -> Vec<u64> {
        let resumed = self.events.iter().filter_map(|event| match event {
            PullEvent::Resuming { bytes, .. } => Some(*bytes),
            _ => None,
        });
        resumed.collect()
    }
}

/// Bytes without a pattern that a wrong offset could hide in.
fn content(bytes: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(bytes);
    hexadecimal(digest)
}

fn from_repo(repo: &str) -> SourceEntry {
    SourceEntry::HuggingFace {
        repo: repo.into(),
        revision: "main".into(),
        file: "tiny.gguf".into(),
    }
}

fn id() -> ModelId {
    ModelId::new("tiny").unwrap()
}

/// A data directory and a hub in it that knows one model, `tiny`.
struct Place {
    home: TempDir,
    hub: Hub,
}

impl Place {
    fn new(wanted: &[u8], sources: Vec<SourceEntry>) -> Self {
        Self::with_size(wanted, wanted.len() as u64, sources)
    }

    fn with_size(wanted: &[u8], bytes: u64, sources: Vec<SourceEntry>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let model = ManifestModel {
            id: id(),
            title: "Tiny".into(),
            family: "llama".into(),
            languages: vec!["en".into()],
            licence: Licence {
                name: "MIT".into(),
                url: "https://opensource.org/license/mit".into(),
                notice: "Free.".into(),
            },
            files: vec![ManifestFile {
                name: "tiny.gguf".into(),
                bytes,
                sha256: sha256(wanted),
                sources,
            }],
        };
        let manifest = Manifest {
            models: vec![model],
        };
        Self {
            hub: Hub::with_manifest(home.path(), manifest),
            home,
        }
    }

    /// Fetches from `endpoint`, or from a closed port.
    fn options(&self, endpoint: &str) -> PullOptions {
        PullOptions {
            source: SourceChoice::Any,
            wait: true,
            hugging_face: HuggingFace {
                endpoint: endpoint.into(),
                token: None,
                cache: hf_hub::Cache::new(self.home.path().join("hf")),
                pause: Duration::from_millis(1),
            },
            packages: PackageIndex {
                clients: Vec::new(),
                environment: Vec::new(),
            },
        }
    }

    fn pull(&self, endpoint: &str) -> (Result<ModelRecord, HubError>, Witness) {
        let mut witness = Witness::default();
        let result = self.hub.pull(&id(), &self.options(endpoint), &mut witness);
        (result, witness)
    }

    fn file(&self) -> PathBuf {
        self.hub.directory(&id()).join("tiny.gguf")
    }

    fn download(&self) -> PathBuf {
        self.hub.partial(&id()).join("tiny.gguf.download")
    }

    /// That nothing can be seen under the model's name.
    fn assert_absent(&self) {
        assert!(!self.hub.directory(&id()).exists());
        assert!(matches!(
            self.hub.resolve("tiny"),
            Err(HubError::NotPulled { .. })
        ));
        assert!(self.hub.installed().unwrap().is_empty());
    }
}
