//! Installs what is missing: for building with the user's own cargo, for testing with apt.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, command, finish, output, own_tools};

const WASM: &str = "wasm32-unknown-unknown";

/// A program that cargo can install.
struct Tool {
    /// What it installs; each tells its version.
    programs: &'static [&'static str],
    package: &'static str,
    version: &'static str,
    options: &'static [&'static str],
    /// Set while it is built.
    environment: &'static [(&'static str, &'static str)],
}

/// Its versions are those of Trunk.toml and of `wasm-bindgen` in Cargo.toml.
const TOOLS: [Tool; 2] = [
    Tool {
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        package: "wasm-bindgen-cli",
        version: "0.2.130",
        options: &[
            "--no-default-features",
            "--bin",
            "wasm-bindgen",
            "--bin",
            "wasm-bindgen-test-runner",
        ],
        environment: &[],
    },
    // Without TLS, which only fetches of other tools need, and without whole-program optimisation
    // it takes less than half of its 16 minutes of processor time.
    Tool {
        programs: &["trunk"],
        package: "trunk",
        version: "0.21.14",
        options: &["--locked", "--no-default-features"],
        environment: &[
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
        ],
    },
];

/// What building the page needs.
pub fn building() -> Result<()> {
    wasm_target()?;
    for tool in &TOOLS {
        install(tool)?;
    }
    Ok(())
}

fn wasm_target() -> Result<()> {
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))
        .context("`rustc` is not on the PATH; install Rust from https://rustup.rs")?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    finish(command("rustup").args(["target", "add", WASM]))
        .context("the page needs Rust's wasm32 target")
}

fn install(tool: &Tool) -> Result<()> {
    let version = |program: &&str| output(command(program).arg("--version"));
    let found: Vec<Option<String>> = tool.programs.iter().map(version).collect();
    let wanted = |line: &String| line.split_whitespace().nth(1) == Some(tool.version);
    if found.iter().all(|line| line.as_ref().is_some_and(wanted)) {
        return Ok(());
    }
    let other = found.into_iter().flatten().find(|line| !wanted(line));
    let mut install = cargo();
    install
        .args(["install", tool.package, "--version", tool.version])
        .args(tool.options)
        .envs(tool.environment.iter().copied())
        // A target directory of its own is cargo's default for `install`; the workspace's would keep the rubble.
        .env_remove("CARGO_TARGET_DIR");
    if let Some(other) = other {
        eprintln!(
            "{other} stays as it is; version {} goes into target/tools",
            tool.version
        );
        install.arg("--root").arg(own_tools());
    }
    finish(&mut install).with_context(|| format!("{} cannot be installed", tool.package))
}

/// What some tests need besides: a browser, a Vulkan driver and pip. Without the rights to install
/// them it says what is missing; those tests then skip themselves.
pub fn testing() -> Result<()> {
    let missing: Vec<&str> = [
        ("chromium", has("chromium", "--version")),
        ("chromium-driver", has("chromedriver", "--version")),
        ("mesa-vulkan-drivers", has_vulkan_driver()),
        ("python3-pip", has("pip", "--version")),
    ]
    .into_iter()
    .filter_map(|(package, found)| (!found).then_some(package))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
    if !(cfg!(target_os = "linux") && root && has("apt-get", "--version")) {
        eprintln!(
            "not installed, and not installable without apt and root: {}",
            missing.join(", ")
        );
        return Ok(());
    }
    eprintln!("installing with apt: {}", missing.join(", "));
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        apt
    };
    finish(apt().arg("update"))?;
    finish(
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&missing),
    )?;
    if !has_vulkan_driver() {
        bail!("mesa-vulkan-drivers is installed, yet no Vulkan driver is registered");
    }
    Ok(())
}

fn has(program: &str, argument: &str) -> bool {
    output(command(program).arg(argument)).is_some()
}

fn has_vulkan_driver() -> bool {
    ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .filter_map(|directory| std::fs::read_dir(directory).ok())
        .any(|mut drivers| drivers.next().is_some())
}
