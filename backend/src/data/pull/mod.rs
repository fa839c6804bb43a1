//! Fetching a data set: the same way as a model, with its lock, terms, partial files that are taken
//! up again, hashes, and one rename that makes it visible as `data/NAME/`.

mod homes;
mod listing;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;

use hf_hub::{Repo, RepoType};
use serde::{Deserialize, Serialize};

pub use homes::{Home, HomeChoice, HomeFile};

use super::catalogue::{DataSet, Kind};
use super::error::DataError;
use super::locate::pulled;
use super::multiparadetox;
use crate::hub::pull::{ModelLock, Partial, local, space};
use crate::hub::{
    HubError, HuggingFace, Licence, ManifestFile, ModelId, PullEvent, PullObserver, atomic, digest,
};

/// Name of the record in a data set's directory.
pub const RECORD: &str = "data.json";

/// How to fetch.
#[derive(Debug, Clone)]
pub struct DataPullOptions {
    /// Which homes may be used.
    pub home: HomeChoice,
    /// Whether to wait for another process that fetches the same set.
    pub wait: bool,
    /// Hugging Face.
    pub hugging_face: HuggingFace,
}

/// What lies in a data set's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Name of the data set.
    pub name: String,
    /// Licence.
    pub licence: String,
    /// Whose it is.
    pub source: String,
    /// Where it was fetched from, with the commit.
    pub origin: String,
    /// Its files.
    pub files: Vec<HomeFile>,
}

/// Why a data set was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DataPullError {
    /// Lock, disk or files.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The reader did not accept the terms.
    #[error("the terms of `{0}` were not accepted; nothing was fetched")]
    Declined(&'static str),
    /// No home delivered.
    #[error("`{name}` could not be fetched:{}", attempts.iter().map(|attempt| format!("\n  {attempt}")).collect::<String>())]
    AllFailed {
        /// The data set.
        name: &'static str,
        /// One line for each home.
        attempts: Vec<String>,
    },
}

impl DataPullError {
    /// What the reader can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Hub(HubError::Record { path, .. }) => Some(format!(
                "delete {} and fetch the data set again",
                path.parent().unwrap_or(path).display()
            )),
            Self::Hub(error) => error.help(),
            Self::Declined(_) => Some("--accept-license accepts them".to_owned()),
            Self::AllFailed { name, .. } => Some(format!(
                "once the network is back, run the command again: it goes on where it stopped. A \
                 copy you already have can be taken with `backend data pull {name} --source DIR`"
            )),
        }
    }
}

impl DataRecord {
    /// Reads the record in `directory`.
    ///
    /// # Errors
    /// [`HubError::Io`] or [`HubError::Record`].
    pub fn read(directory: &Path) -> Result<Self, HubError> {
        let path = directory.join(RECORD);
        let bytes = fs::read(&path).map_err(HubError::io(&path))?;
        serde_json::from_slice(&bytes).map_err(|error| HubError::Record {
            path,
            reason: error.to_string(),
        })
    }
}

/// Fetches `set` from one of `homes` into the data directory, unless it is there already.
///
/// # Errors
/// As [`DataPullError`] says. Until all is there and right, nothing of it can be seen; what was
/// fetched stays for the next call.
pub fn pull(
    data_dir: &Path,
    set: &'static DataSet,
    homes: &[Home],
    options: &DataPullOptions,
    observer: &mut dyn PullObserver,
) -> Result<DataRecord, DataPullError> {
    let root = pulled(data_dir);
    let id = ModelId::new(set.name)?;
    let name = || set.name.to_owned();
    let _lock = ModelLock::acquire(&root.join(".locks"), &id, options.wait, || {
        observer.event(&PullEvent::Waiting { name: name() });
    })?;
    let place = root.join(set.name);
    let installed = |already, record: &DataRecord| PullEvent::Installed {
        name: set.name.to_owned(),
        path: place.display().to_string(),
        sha256: digest::of_list(
            (record.files.iter()).map(|file| (file.name.as_str(), file.sha256.as_str())),
        ),
        already,
    };
    if place.is_dir() {
        let record = DataRecord::read(&place)?;
        observer.event(&installed(true, &record));
        return Ok(record);
    }
    observer.event(&PullEvent::Licence {
        name: name(),
        licence: licence(set, homes),
    });
    if !observer.accept(set.name) {
        return Err(DataPullError::Declined(set.name));
    }
    let partial = root.join(".partial").join(set.name);
    let mut attempts = Vec::new();
    for (number, home) in homes.iter().enumerate() {
        let fits = match options.home {
            HomeChoice::Any => true,
            HomeChoice::HuggingFace => matches!(home, Home::HuggingFace { .. }),
            HomeChoice::Files | HomeChoice::Directory(_) => matches!(home, Home::Files { .. }),
        };
        if !fits {
            continue;
        }
        // What two homes have under one name is not the same.
        let work = partial.join(number.to_string());
        match from_home(set, home, &work, options, observer) {
            Ok(record) => {
                atomic::publish_directory(&work.join("ready"), &place)?;
                fs::remove_dir_all(&partial).map_err(HubError::io(&partial))?;
                observer.event(&installed(false, &record));
                return Ok(record);
            }
            // No other home can help a full disk.
            Err(error @ HubError::DiskFull { .. }) => return Err(error.into()),
            Err(error) => {
                let source = options.home.instead_of(&home.describe());
                let reason = error.to_string();
                attempts.push(format!("{source}: {reason}"));
                observer.event(&PullEvent::SourceFailed { source, reason });
            }
        }
    }
    if attempts.is_empty() {
        attempts.push("it has no home of this kind".to_owned());
    }
    Err(DataPullError::AllFailed {
        name: set.name,
        attempts,
    })
}

fn licence(set: &DataSet, homes: &[Home]) -> Licence {
    Licence {
        name: set.licence.to_owned(),
        url: homes.first().map(Home::describe).unwrap_or_default(),
        notice: format!(
            "From {}. It has texts that insult and hurt; they are data, and stay what their \
             authors' licence says.",
            set.source
        ),
    }
}

/// Brings everything into `work/ready`, its record included.
fn from_home(
    set: &DataSet,
    home: &Home,
    work: &Path,
    options: &DataPullOptions,
    observer: &mut dyn PullObserver,
) -> Result<DataRecord, HubError> {
    let ready = work.join("ready");
    fs::create_dir_all(&ready).map_err(HubError::io(&ready))?;
    let (origin, files, members) = match home {
        Home::HuggingFace { repo, revision } => {
            let hub = &options.hugging_face;
            let (commit, files) = listing::tables(hub, (repo, revision), set.languages)?;
            (format!("hf:datasets/{repo}@{commit}"), files, &[][..])
        }
        Home::Files {
            base,
            files,
            members,
        } => (base.clone(), files.clone(), members.as_slice()),
    };
    for file in &files {
        let done = ready.join(&file.name);
        if !done.is_file() {
            fetch(home, &origin, file, work, options, observer)?;
        }
    }
    let names = unpack(&files, members, &ready)?;
    if set.kind == Kind::Pairs {
        let refused = |error: DataError| HubError::Source(error.to_string());
        multiparadetox::load(&ready, set.languages).map_err(refused)?;
    }
    let mut recorded = Vec::new();
    for name in names {
        let path = ready.join(&name);
        recorded.push(HomeFile {
            bytes: fs::metadata(&path).map_err(HubError::io(&path))?.len(),
            sha256: digest::of_file(&path)?,
            path: None,
            name,
        });
    }
    let record = DataRecord {
        name: set.name.to_owned(),
        licence: set.licence.to_owned(),
        source: set.source.to_owned(),
        origin: options.home.instead_of(&origin),
        files: recorded,
    };
    atomic::write_json(&ready.join(RECORD), &record)?;
    Ok(record)
}

/// Brings one file into `work/ready`.
fn fetch(
    home: &Home,
    origin: &str,
    file: &HomeFile,
    work: &Path,
    options: &DataPullOptions,
    observer: &mut dyn PullObserver,
) -> Result<(), HubError> {
    let path = work.join(format!("{}.download", file.name));
    let wanted = ManifestFile {
        name: file.name.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
        sources: Vec::new(),
    };
    let mut partial = Partial::open(&path, &wanted)?;
    space::require(work, partial.missing())?;
    let there = file.path.as_ref().unwrap_or(&file.name);
    loop {
        let resumed_at = partial.bytes();
        observer.event(&PullEvent::Source {
            source: options.home.instead_of(origin),
            file: file.name.clone(),
            resumed_at,
        });
        match (&options.home, home) {
            (HomeChoice::Directory(directory), _) => {
                local::fetch(directory, &mut partial, observer)?;
            }
            (_, Home::Files { base, .. }) => {
                let url = format!("{base}{there}");
                let hub = &options.hugging_face;
                hub.download(&url, None, &mut partial, observer)?;
            }
            (_, Home::HuggingFace { repo, .. }) => {
                // The commit of the listing, so that a branch that moves on mixes nothing.
                let commit = origin.rsplit('@').next().unwrap_or_default().to_owned();
                let repo = Repo::with_revision(repo.clone(), RepoType::Dataset, commit);
                let hub = &options.hugging_face;
                hub.fetch(repo, there, &mut partial, observer)?;
            }
        }
        observer.event(&PullEvent::Checking {
            file: file.name.clone(),
        });
        match partial.check() {
            // Bytes of an earlier call may have been wrong; without them it gets a second chance.
            Err(HubError::Mismatch {
                what: "SHA-256", ..
            }) if resumed_at > 0 => {}
            checked => break checked?,
        }
    }
    drop(partial);
    let done = work.join("ready").join(&file.name);
    fs::rename(&path, &done).map_err(HubError::io(&done))
}

/// Unpacks `members` from the archives among `files`, which then go. Gives the names of what is
/// there.
fn unpack(files: &[HomeFile], members: &[String], ready: &Path) -> Result<Vec<String>, HubError> {
    let mut names = Vec::new();
    for file in files {
        if members.is_empty() || !file.name.ends_with(".zip") {
            names.push(file.name.clone());
            continue;
        }
        let path = ready.join(&file.name);
        let broken = |reason: String| HubError::Source(format!("{}: {reason}", file.name));
        let archive = fs::File::open(&path).map_err(HubError::io(&path))?;
        let mut archive =
            zip::ZipArchive::new(archive).map_err(|error| broken(error.to_string()))?;
        for member in members {
            let mut packed = archive
                .by_name(member)
                .map_err(|error| broken(format!("{member}: {error}")))?;
            let target = ready.join(member);
            let directory = target.parent().unwrap_or(ready);
            fs::create_dir_all(directory).map_err(HubError::io(directory))?;
            let mut out = fs::File::create(&target).map_err(HubError::io(&target))?;
            io::copy(&mut packed, &mut out).map_err(HubError::io(&target))?;
            out.sync_all().map_err(HubError::io(&target))?;
            names.push(member.clone());
        }
        fs::remove_file(&path).map_err(HubError::io(&path))?;
    }
    Ok(names)
}
