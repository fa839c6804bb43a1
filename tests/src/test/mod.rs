//! `cargo xtask test`: every check, cheap ones first, and one line that sums them up.

mod summary;
mod tally;

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::process::{cargo, watch};
use crate::run::{BROWSER_MODEL, DEFAULT_MODEL};
use crate::{page, setup};
use summary::Summary;
use tally::Tally;

/// Models that tests run.
const MODELS: [&str; 3] = [DEFAULT_MODEL, BROWSER_MODEL, "smollm2-135m-instruct"];

/// What `cargo clippy -- --deny warnings` sets for the compiler. `cargo clippy` itself compiles no
/// more than it must for linting, and that for all dependencies a second time: a quarter of an hour
/// on two cores. With these `cargo build` lints our own crates and shares their dependencies with
/// the builds that follow. What it makes of our own crates is never run, so it is not optimised and
/// its programs (a hundred megabytes each) are not linked.
const LINTING: [(&str, &str); 2] = [
    ("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
    (
        "CLIPPY_ARGS",
        "--deny__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__\
         -Copt-level=0__CLIPPY_HACKERY__-Cstrip=none__CLIPPY_HACKERY__-Clinker=true__CLIPPY_HACKERY__",
    ),
];

/// Runs all steps, whatever becomes of the earlier ones. Success only if nothing failed.
pub fn test() -> Result<ExitCode> {
    let mut summary = Summary::default();
    summary.step("tools", || once(setup::building()));
    summary.step("packages", || once(setup::testing()));
    summary.step("format", || {
        command(cargo().args(["fmt", "--all", "--check"]))
    });
    summary.step("clippy for the page", || {
        command(
            cargo()
                .args(["build", "--locked", "--target", "wasm32-unknown-unknown"])
                .args(["-p", "frontend"])
                .envs(LINTING),
        )
    });
    // Alone, as trunk builds it: beside the page it would get other features of shared dependencies.
    summary.step("clippy for the worker", || {
        command(
            cargo()
                .args(["build", "--locked", "--target", "wasm32-unknown-unknown"])
                .args(["-p", "worker", "--bins", "--tests"])
                .envs(LINTING),
        )
    });
    summary.step("page", || once(page::build()));
    summary.step("tests in the browser's worker", || {
        let mut tally = Tally::default();
        let success = watch(
            cargo()
                .args(["test", "--locked", "--target", "wasm32-unknown-unknown"])
                .args(["-p", "worker", "--test", "browser"])
                .env(
                    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                    "wasm-bindgen-test-runner",
                )
                // Seconds: the software graphics card is slow.
                .env("WASM_BINDGEN_TEST_TIMEOUT", "300"),
            |line| tally.read(line),
        )?;
        Ok(tally.end(success))
    });
    summary.step("clippy", || {
        command(
            cargo()
                .args(["build", "--locked", "--all-targets"])
                .envs(LINTING),
        )
    });
    // One command for programs and tests, so that nothing is compiled in two flavours.
    summary.step("build", || {
        command(cargo().args(["build", "--locked", "--all-targets"]))
    });
    // The program just built beside this one: `cargo run --package backend` would compile it again,
    // because features that only tests ask for are then off.
    let backend = std::env::current_exe()?.with_file_name(format!("backend{EXE_SUFFIX}"));
    for model in MODELS {
        summary.step(&format!("model {model}"), || {
            command(Command::new(&backend).args(["models", "pull", model]))
        });
    }
    summary.step("tests", || {
        let mut tally = Tally::default();
        let success = watch(
            cargo().args(["test", "--locked", "--no-fail-fast", "--", "--show-output"]),
            |line| tally.read(line),
        )?;
        Ok(tally.end(success))
    });
    Ok(summary.print())
}

/// A step that is one check.
fn command(command: &mut Command) -> Result<Tally> {
    Ok(Tally::one(watch(command, |_| ())?))
}

/// A step that shows its own commands.
fn once(result: Result<()>) -> Result<Tally> {
    result.map(|()| Tally::one(true))
}
