//! The studies of a data directory, by name, and specifications from files.

use std::path::{Path, PathBuf};

use protocol::study::spec::valid_name;
use protocol::study::{
    LossCurve, PieceKind, Preset, StudySpec, StudyState, StudyStatus, StudySummary,
};

use super::directory::{RECORD, StudyDirectory};
use super::error::StudyError;
use super::example::examples;
use super::piece::{Piece, states};
use crate::store::StoreError;

/// The studies below a data directory.
#[derive(Debug, Clone)]
pub struct Library {
    root: PathBuf,
}

/// What a name, or a path, on the command line means.
#[derive(Debug)]
pub enum Named {
    /// A study that is there.
    Study(Box<StudyDirectory>),
    /// A preset, of which no study is there under its name.
    Preset(Preset),
    /// A file.
    File(Box<StudySpec>),
}

impl Library {
    /// Of that data directory, which need not exist.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            root: data_dir.join("studies"),
        }
    }

    /// Where the study of that name lies.
    ///
    /// # Errors
    /// It is no name.
    pub fn directory(&self, name: &str) -> Result<PathBuf, StudyError> {
        valid_name(name)?;
        Ok(self.root.join(name))
    }

    /// The study of that name.
    ///
    /// # Errors
    /// [`StudyError::Unknown`], or a record that cannot be read.
    pub fn open(&self, name: &str) -> Result<StudyDirectory, StudyError> {
        let unknown = || StudyError::Unknown {
            name: name.to_owned(),
            // Listing is only to help.
            known: self.names().unwrap_or_default(),
        };
        if valid_name(name).is_err() {
            return Err(unknown());
        }
        StudyDirectory::open(&self.root.join(name))?.ok_or_else(unknown)
    }

    /// What `text` means: a file by its ending, a study, a preset.
    ///
    /// # Errors
    /// It is none of them, or a file or record that cannot be read.
    pub fn find(&self, text: &str) -> Result<Named, StudyError> {
        let path = Path::new(text);
        let is_file = path
            .extension()
            .is_some_and(|end| end == "toml" || end == "json");
        if is_file {
            return read_spec(path).map(|spec| Named::File(Box::new(spec)));
        }
        match (self.open(text), text.parse()) {
            (Err(StudyError::Unknown { .. }), Ok(preset)) => Ok(Named::Preset(preset)),
            (Err(StudyError::Unknown { name, mut known }), Err(())) => {
                for preset in Preset::ALL {
                    if !known.iter().any(|name| name == preset.name()) {
                        known.push(preset.name().to_owned());
                    }
                }
                Err(StudyError::Unknown { name, known })
            }
            (study, _) => study.map(|study| Named::Study(Box::new(study))),
        }
    }

    /// Makes a study, or opens the one that is there if it is to do the same.
    ///
    /// # Errors
    /// As [`StudyDirectory::create`].
    pub fn create(
        &self,
        spec: &StudySpec,
        data: Option<&Path>,
    ) -> Result<StudyDirectory, StudyError> {
        if examples().iter().any(|one| one.spec.name == spec.name) {
            return Err(StudyError::ReadOnly {
                name: spec.name.clone(),
                action: "made anew",
            });
        }
        StudyDirectory::create(&self.directory(&spec.name)?, spec, data)
    }

    /// All studies, the last changed first. One that cannot be read is an error beside its name,
    /// so that it does not hide the others.
    ///
    /// # Errors
    /// The directory cannot be read.
    #[allow(clippy::type_complexity)]
    pub fn list(&self) -> Result<Vec<(String, Result<StudySummary, StudyError>)>, StudyError> {
        let mut studies = Vec::new();
        for name in self.names()? {
            let summary = self.open(&name).and_then(|study| study.summary());
            studies.push((name, summary));
        }
        studies.sort_by_key(|(_, summary)| {
            std::cmp::Reverse(summary.as_ref().map_or(0, |summary| summary.changed))
        });
        Ok(studies)
    }

    fn names(&self) -> Result<Vec<String>, StudyError> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                return Err(StudyError::Store(StoreError::Io {
                    path: self.root.clone(),
                    source,
                }));
            }
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| valid_name(name).is_ok() && self.root.join(name).join(RECORD).exists())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// Reads a specification, TOML or JSON by its ending. Without `name`, it is the file's.
///
/// # Errors
/// [`StudyError::Specification`] with line and field; a setting that cannot be carried out.
pub fn read_spec(path: &Path) -> Result<StudySpec, StudyError> {
    let fault = |reason: String| StudyError::Specification {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    let spec: StudySpec = if path.extension().is_some_and(|end| end == "json") {
        serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| fault(error.to_string()))?
    };
    spec.validate()?;
    Ok(spec)
}

/// The specification as TOML.
///
/// # Errors
/// What TOML cannot write, which there is nothing of.
pub fn spec_toml(spec: &StudySpec) -> Result<String, StudyError> {
    toml::to_string_pretty(spec).map_err(|error| StudyError::Export(error.to_string()))
}

impl StudyDirectory {
    /// Everything about how far it is.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn status(&self) -> Result<StudyStatus, StudyError> {
        let summary = self.summary()?;
        let progress = self.progress()?;
        let live = match summary.state {
            StudyState::Running => self.live(),
            _ => None,
        }
        .unwrap_or_default();
        let mut losses = Vec::new();
        for state in states(self.spec()) {
            if let Some(record) = self.adapter_record(Piece::Train(state))? {
                losses.push(LossCurve {
                    strategy: state.strategy,
                    seed: state.seed,
                    points: record.losses,
                });
            }
        }
        if let Some(current) = live.losses {
            losses.retain(|curve| (curve.strategy, curve.seed) != (current.strategy, current.seed));
            losses.push(current);
        }
        let mut pieces = self.counts();
        pieces.sort_by_key(|count| PieceKind::ALL.iter().position(|kind| *kind == count.kind));
        Ok(StudyStatus {
            spec: self.spec().clone(),
            pieces,
            current: live.current,
            tokens_per_second: live.tokens_per_second,
            elapsed_seconds: live.elapsed_seconds.max(progress.elapsed_seconds),
            eta_seconds: live.eta_seconds,
            losses,
            plan: progress.plan,
            summary,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_is_read_as_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        for preset in Preset::ALL {
            let spec = preset.spec("a-model");
            let path = directory.path().join("spec.toml");
            std::fs::write(&path, spec_toml(&spec).unwrap()).unwrap();
            assert_eq!(read_spec(&path).unwrap(), spec);
        }
        let path = directory.path().join("wrong.toml");
        let text = spec_toml(&Preset::Quick.spec("m")).unwrap();
        std::fs::write(&path, text.replace("max_new_tokens", "max_new_token")).unwrap();
        let error = read_spec(&path).unwrap_err().to_string();
        assert!(error.contains("max_new_token"), "{error}");
    }

    #[test]
    fn names_are_studies_presets_or_files() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::new(home.path());
        assert!(library.list().unwrap().is_empty());
        assert!(matches!(
            library.find("sample"),
            Ok(Named::Preset(Preset::Sample))
        ));
        for wrong in ["nothing", "../x", ""] {
            let error = library.find(wrong).unwrap_err();
            assert!(
                error.to_string().contains("known are quick, sample"),
                "{error}"
            );
        }
        let spec = Preset::Sample.spec("m");
        let study = library.create(&spec, None).unwrap();
        assert_eq!(study.state().unwrap(), StudyState::New);
        assert!(matches!(library.find("sample"), Ok(Named::Study(_))));
        // The same again is the same study; another under its name is refused.
        library.create(&spec, None).unwrap();
        let other = StudySpec {
            seeds: vec![1, 2],
            ..spec
        };
        let error = library.create(&other, None).unwrap_err().to_string();
        assert!(error.contains("other settings: seeds"), "{error}");
        assert_eq!(library.list().unwrap().len(), 1);
    }

    #[test]
    fn a_study_of_another_version_says_why_it_does_not_open() {
        let home = tempfile::tempdir().unwrap();
        let library = Library::new(home.path());
        let study = library.create(&Preset::Sample.spec("m"), None).unwrap();
        let record = study.path().join("study.json");
        std::fs::write(&record, r#"{"format": 0, "grid": []}"#).unwrap();
        let error = library.open("sample").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("layout 0; this one has layout 1"),
            "{error}"
        );
        assert!(error.help().is_some());
        assert!(
            library.list().unwrap()[0].1.is_err(),
            "it is listed, with the reason"
        );
    }
}
