//! Remarks for the reader on stderr, beside the results on stdout.

use std::io::Write;

/// Writes a line to stderr. When stderr is closed, nobody is left to be told.
pub(super) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
