//! The page and its worker, built by trunk into frontend/dist.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow};
use brotli::enc::BrotliEncoderParams;

use crate::process::{command, finish, root};

/// Builds it; the server serves what is there. Not the release profile: with it the engine would be
/// compiled once more, and its dependencies are optimised in the other one too.
pub fn build() -> Result<()> {
    // trunk takes `NO_COLOR=1`, which some terminals set, for a malformed option.
    finish(
        command("trunk")
            .args(["build", "--locked"])
            .env_remove("NO_COLOR"),
    )
    .context("the page cannot be built")?;
    compress(&root().join("frontend").join("dist")).context("the page cannot be compressed")
}

/// Puts NAME.wasm.br beside each NAME.wasm: compressing for every reader anew would take the server
/// seconds each time.
fn compress(directory: &Path) -> Result<()> {
    let mut running = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            running.push(thread::spawn(move || compress_file(&path)));
        }
    }
    for thread in running {
        thread
            .join()
            .map_err(|_| anyhow!("the compressor failed"))??;
    }
    Ok(())
}

fn compress_file(path: &Path) -> Result<()> {
    let content = fs::read(path)?;
    let parameters = BrotliEncoderParams {
        // The highest takes twenty times as long for a tenth less.
        quality: 9,
        lgwin: 24,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let target = path.with_extension("wasm.br");
    let mut out = BufWriter::new(File::create(&target)?);
    let bytes = brotli::BrotliCompress(&mut content.as_slice(), &mut out, &parameters)?;
    out.flush()?;
    eprintln!(
        "{}: {:.1} MB, {:.2} MB with brotli",
        path.file_name().unwrap_or_default().to_string_lossy(),
        content.len() as f64 / 1e6,
        bytes as f64 / 1e6
    );
    Ok(())
}
