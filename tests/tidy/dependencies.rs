//! Which crates may depend on which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::repository::{none, root};

/// For each package name what it needs at run time, by name; versions are put together.
fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let needs = graph
            .entry(names[node["id"].as_str().unwrap()].to_owned())
            .or_default();
        for dependency in node["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                needs.insert(names[dependency["pkg"].as_str().unwrap()].to_owned());
            }
        }
    }
    graph
}

/// Everything that a package needs, directly or not.
fn closure<'g>(graph: &'g BTreeMap<String, BTreeSet<String>>, name: &str) -> BTreeSet<&'g str> {
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        for dependency in &graph[name] {
            if found.insert(dependency.as_str()) {
                open.push(dependency);
            }
        }
    }
    found
}

#[test]
fn dependencies_point_downwards() {
    let graph = graph();
    let mut findings = Vec::new();
    let protocol = closure(&graph, "protocol");
    assert!(protocol.contains("serde"));
    for name in &protocol {
        let engine_or_io = [
            "burn", "tokio", "axum", "web-sys", "hyper", "reqwest", "ureq",
        ];
        if engine_or_io.contains(name) || name.starts_with("burn-") {
            findings.push(format!("protocol depends on {name}"));
        }
    }
    let scoring = closure(&graph, "scoring");
    findings.extend(
        ["burn", "tokio", "axum", "web-sys", "engine", "rayon"]
            .iter()
            .filter(|name| scoring.contains(*name))
            .map(|name| format!("scoring depends on {name}")),
    );
    for (room, foreign) in [
        (
            "engine",
            [
                "backend", "frontend", "tests", "tokio", "axum", "hf-hub", "leptos",
            ],
        ),
        (
            "frontend",
            [
                "backend",
                "tests",
                "axum",
                "hf-hub",
                "burn-flex",
                "ureq",
                "clap",
            ],
        ),
        (
            "backend",
            [
                "frontend", "tests", "leptos", "web-sys", "pyo3", "reqwest", "openssl",
            ],
        ),
    ] {
        findings.extend(
            foreign
                .iter()
                .filter(|name| graph[room].contains(**name))
                .map(|name| format!("{room} depends on {name}")),
        );
    }
    none(findings);
}

#[test]
fn the_tools_are_those_of_the_lock_file() {
    let lock = crate::repository::read("Cargo.lock");
    let start = lock.find("name = \"wasm-bindgen\"\n").unwrap();
    let version = lock[start..].split('"').nth(3).unwrap();
    for file in ["Trunk.toml", "tests/src/setup.rs"] {
        assert!(
            crate::repository::read(file).contains(&format!("\"{version}\"")),
            "{file} does not name wasm-bindgen {version}"
        );
    }
}
