//! Lines on stderr, for logs: one for each thing that happens, and of the progress one every tenth
//! of the file.

use std::io::Write;

use super::Teller;
use crate::cli::models::units;
use crate::hub::PullEvent;

/// The line that tells of anything but progress.
pub fn line(event: &PullEvent) -> String {
    match event {
        PullEvent::Waiting { name } => {
            format!("another process is working on {name}; waiting for it")
        }
        PullEvent::Licence { licence, .. } => format!(
            "licence: {} ({})\n  {}",
            licence.name, licence.url, licence.notice
        ),
        PullEvent::Source {
            source,
            file,
            resumed_at: 0,
        } => format!("fetching {file} from {source}"),
        PullEvent::Source {
            source,
            file,
            resumed_at,
        } => format!(
            "fetching {file} from {source}; {} are here already",
            units::bytes(*resumed_at)
        ),
        PullEvent::Progress {
            bytes,
            total,
            bytes_per_second,
            eta_seconds,
            ..
        } => {
            let rate = units::bytes(*bytes_per_second as u64);
            let rest = match eta_seconds {
                Some(seconds) if bytes < total => format!(", {} left", units::duration(*seconds)),
                _ => String::new(),
            };
            format!(
                "  {} of {} ({}/s{rest})",
                units::bytes(*bytes),
                units::bytes(*total),
                rate
            )
        }
        PullEvent::Resuming {
            file,
            bytes,
            reason,
        } => format!("{file}: {reason}; going on after {}", units::bytes(*bytes)),
        PullEvent::SourceFailed { source, reason } => format!("{source} failed: {reason}"),
        PullEvent::Checking { file } => format!("checking {file}"),
        PullEvent::Installed {
            name,
            path,
            already: true,
            ..
        } => format!("{name} is here already: {path}"),
        PullEvent::Installed { name, path, .. } => format!("{name} is here: {path}"),
    }
}

/// Tells in lines.
#[derive(Debug, Default)]
pub struct Lines {
    /// Tenths of the file that were told.
    tenths: u64,
}

impl Teller for Lines {
    fn tell(&mut self, event: &PullEvent) {
        if let PullEvent::Progress { bytes, total, .. } = event {
            let tenths = (bytes * 10).checked_div(*total).unwrap_or(10);
            if tenths == self.tenths {
                return;
            }
            self.tenths = tenths;
        }
        let _ = writeln!(std::io::stderr(), "{}", line(event));
    }
}
