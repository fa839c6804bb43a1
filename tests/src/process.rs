//! Starting other programs from the root of the repository.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub fn root() -> PathBuf {
    // cargo tells it at run time; a path fixed at compile time would be wrong in a moved checkout.
    env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|tests| PathBuf::from(tests).parent().map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Where tools go that must not replace another version which the user has.
pub fn own_tools() -> PathBuf {
    root().join("target").join("tools")
}

/// The cargo that started this program.
pub fn cargo() -> Command {
    command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// A program that finds this project's tools first and the user's cargo tools last.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    // `cargo run` says who started this program; build scripts that look at it would run again
    // with every change between cargo here and cargo by hand.
    for (name, _) in env::vars_os() {
        let told =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(told) {
            command.env_remove(name);
        }
    }
    if let Some(path) = search_path() {
        command.env("PATH", path);
    }
    command
}

fn search_path() -> Option<OsString> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = std::iter::once(own_tools().join("bin"))
        .chain(env::split_paths(&path))
        .chain(home.map(|home| home.join("bin")));
    env::join_paths(directories).ok()
}

/// Runs to the end; anything but success is an error that shows the command.
pub fn finish(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", line(command));
    let status = command
        .status()
        .with_context(|| format!("`{}` does not start", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs to the end, shows each line of the standard output and hands it over. True on success.
pub fn watch(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<bool> {
    eprintln!("$ {}", line(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` does not start", line(command)))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        while output.read_until(b'\n', &mut bytes)? > 0 {
            let text = String::from_utf8_lossy(&bytes);
            println!("{}", text.trim_end());
            on_line(text.trim_end());
            bytes.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() {
        eprintln!("`{}` ended with {status}", line(command));
    }
    Ok(status.success())
}

/// What a program prints, or `None` where it is absent or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
