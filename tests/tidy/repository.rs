//! The files that belong to the project.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Paths relative to the root: all that git tracks or would track.
pub fn files() -> &'static [String] {
    static FILES: OnceLock<Vec<String>> = OnceLock::new();
    FILES.get_or_init(|| {
        let output = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(root())
            .output()
            .expect("git lists the files");
        assert!(output.status.success(), "not a git checkout");
        let files: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .split_terminator('\0')
            // A deleted file is listed until the deletion is staged.
            .filter(|path| root().join(path).is_file())
            .map(str::to_owned)
            .collect();
        assert!(files.iter().any(|path| path == "Cargo.toml"));
        files
    })
}

/// Files with one of these extensions.
pub fn with_extension(extensions: &[&str]) -> impl Iterator<Item = &'static str> {
    files().iter().map(String::as_str).filter(move |path| {
        Path::new(path)
            .extension()
            .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
    })
}

/// The content of a text file.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with all findings at once.
pub fn none(findings: Vec<String>) {
    assert!(
        findings.is_empty(),
        "{} found:\n{}",
        findings.len(),
        findings.join("\n")
    );
}
