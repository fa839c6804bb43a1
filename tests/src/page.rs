//! The page, built by trunk into frontend/dist.

use anyhow::{Context, Result};

use crate::process::{command, finish};

/// Builds it; the server serves what is there.
pub fn build() -> Result<()> {
    // trunk takes `NO_COLOR=1`, which some terminals set, for a malformed option.
    finish(
        command("trunk")
            .args(["build", "--release", "--locked"])
            .env_remove("NO_COLOR"),
    )
    .context("the page cannot be built")
}
