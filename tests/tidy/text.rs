//! Rules for every file.

use std::path::Path;

use crate::repository::{files, none, read, root, with_extension};

/// Written by hand.
const SOURCE: [&str; 6] = ["rs", "py", "js", "css", "html", "sh"];
const TEXT: [&str; 12] = [
    "rs", "py", "js", "css", "html", "sh", "toml", "md", "json", "svg", "yml", "txt",
];

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, &str)> = with_extension(&SOURCE)
        .map(|path| (read(path).lines().count(), path))
        .collect();
    lengths.sort_unstable();
    none(
        lengths
            .iter()
            .filter(|(lines, _)| *lines > 800)
            .map(|(lines, path)| format!("{path}: {lines} lines"))
            .collect(),
    );
    let (median, _) = lengths[lengths.len() / 2];
    assert!(median < 200, "the median file has {median} lines");
}

#[test]
fn nothing_large_is_in_the_repository() {
    none(
        files()
            .iter()
            .map(|path| (path, root().join(path).metadata().unwrap().len()))
            .filter(|(_, bytes)| *bytes > 1 << 20)
            .map(|(path, bytes)| format!("{path}: {bytes} bytes"))
            .collect(),
    );
}

#[test]
fn nothing_names_a_machine_or_a_registry_host() {
    // Put together here, so that this file passes its own test.
    let words = [
        ["/wo", "rk/"],
        ["/tm", "p/"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["static.crates", ".io"],
        ["index.crates", ".io"],
        ["registry.npmjs", ".org"],
        ["deb.debian", ".org"],
    ]
    .map(|parts| parts.concat());
    let mut findings = Vec::new();
    for path in with_extension(&TEXT) {
        for (number, line) in read(path).lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(*word)) {
                findings.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    none(findings);
}

#[test]
fn lines_end_where_their_text_ends() {
    // JSON is written by programs.
    let mut findings = Vec::new();
    for path in with_extension(&TEXT).filter(|path| !path.ends_with(".json")) {
        let text = read(path);
        for (number, line) in text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                findings.push(format!("{path}:{}: white space at the end", number + 1));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            findings.push(format!("{path}: no newline at the end"));
        }
    }
    none(findings);
}

#[test]
fn every_reference_value_has_its_exporter() {
    let parity = "tests/parity/";
    let fixtures: Vec<&String> = files()
        .iter()
        .filter(|path| path.starts_with(parity))
        .filter(|path| !path.ends_with(".py") && !path.ends_with(".rs"))
        .collect();
    assert!(!fixtures.is_empty(), "there are no reference values");
    let exported = |path: &str| {
        Path::new(path)
            .ancestors()
            .skip(1)
            .take_while(|directory| directory.starts_with("tests/parity"))
            .any(|directory| {
                directory
                    .join("exporter.py")
                    .to_str()
                    .is_some_and(|exporter| files().iter().any(|file| file == exporter))
            })
    };
    none(
        fixtures
            .into_iter()
            .filter(|path| !exported(path))
            .map(|path| format!("{path}: no exporter.py beside it or above"))
            .collect(),
    );
}

#[test]
fn the_readme_starts_the_project_and_the_licences_are_there() {
    let readme = read("README.md");
    for command in ["cargo xtask run", "cargo xtask test"] {
        assert!(readme.contains(command), "README.md lacks `{command}`");
    }
    assert!(read("LICENSE-MIT").contains("MIT License"));
    assert!(read("LICENSE-APACHE").contains("Version 2.0"));
    assert!(read("Cargo.toml").contains("MIT OR Apache-2.0"));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut findings = Vec::new();
    for path in with_extension(&["md"]) {
        let text = read(path);
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.contains(' ');
            let beside = Path::new(path).parent().unwrap().join(file);
            if !elsewhere && !root().join(beside).exists() {
                findings.push(format!("{path}: {target}"));
            }
        }
    }
    none(findings);
}
