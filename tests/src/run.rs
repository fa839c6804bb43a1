//! `cargo xtask run`: from a fresh clone to a server with a page and a model.

use anyhow::Result;

use crate::process::{cargo, finish};
use crate::{page, setup};

/// Id of the model that is fetched if it is missing.
pub const DEFAULT_MODEL: &str = "gemma-3-270m";
/// Id of the model that fits a browser; made from the default one.
pub const BROWSER_MODEL: &str = "gemma-3-270m-mini";

/// Prepares everything, then serves until interrupted.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut with_page = true;
    let mut release = false;
    let mut serve = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--no-page" => with_page = false,
            "--release" => release = true,
            other => serve.push(other),
        }
    }
    if with_page {
        setup::building()?;
        page::build()?;
    }
    for model in [DEFAULT_MODEL, BROWSER_MODEL] {
        finish(backend(release).args(["models", "pull", model]))?;
    }
    finish(backend(release).arg("serve").args(serve))
}

/// The server's program, built if it is not.
pub fn backend(release: bool) -> std::process::Command {
    let mut command = cargo();
    command.args(["run", "--locked", "--package", "backend"]);
    if release {
        command.arg("--release");
    }
    command.arg("--");
    command
}
