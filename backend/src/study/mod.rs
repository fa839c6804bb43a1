//! Studies: a grid of what is trained in one language and measured in all. `piece.rs` takes it
//! apart, `run.rs` does what is missing, `results.rs` puts it together.

mod adapter;
mod clock;
mod desk;
mod directory;
mod engine_lab;
mod error;
mod example;
pub mod export;
mod lab;
mod library;
mod matrices;
mod observations;
mod opened;
mod piece;
mod progress;
mod prompt;
mod results;
mod run;
mod scored;
mod sentences;
mod work;

use protocol::study::{DataSource, StudySpec};
use scoring::sample;

pub use desk::Desk;
pub use directory::StudyDirectory;
pub use engine_lab::EngineLab;
pub use error::StudyError;
pub use library::{Library, Named, read_spec, spec_toml};
pub use opened::Opened;
pub use progress::{Observer, RunProgress};
pub use results::{Texts, current, matrix_of, meant, outdated};
pub use run::run;
pub use work::usual_split;

/// What must stand wherever a study's numbers show.
pub fn label(spec: &StudySpec) -> Option<String> {
    (spec.data == DataSource::Sample).then(|| sample::LABEL.to_owned())
}
