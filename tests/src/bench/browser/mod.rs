//! `cargo xtask bench --browser`: our worker beside wllama (llama.cpp in WebAssembly), by turns in
//! one headless Chromium, on one file, the processor and one thread.

mod site;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::comparison::median;
use super::peer::Peers;
use crate::page;
use crate::process::{command, finish, own_tools, root};
use site::Site;

/// The peer's version on npm.
const WLLAMA: &str = "@wllama/wllama@3.8.1";
/// Tokens that each completion has.
const TOKENS: usize = 64;
/// No step takes longer, the download of the model into the browser included.
const PATIENCE: Duration = Duration::from_secs(300);
const PROMPT: &str = "The weather in the mountains changes quickly and nobody knows what tomorrow \
    will bring to the valley. The farmers look at the sky and wait for the rain, and the children \
    run to the river before it is dark. In the evening the village sits together and tells the old \
    stories once more, of the winter without bread and of the summer without end.";

/// Measures and prints a table.
pub fn bench(arguments: &Arguments) -> Result<()> {
    page::build()?;
    let wllama = wllama()?;
    let facts = Peers::new(arguments)?.ours(&["load"])?;
    let file = facts["file"].as_str().context("the model has no file")?;
    let dist = root().join("frontend").join("dist");
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let address = format!("/api/models/{}/files", arguments.name());
    let sha256 = facts["sha256"].as_str().context("the model has no hash")?;
    let bytes = std::fs::metadata(file)?.len();
    let list = json!({
        "model": arguments.name(),
        "sha256": sha256,
        "files": [{ "name": name, "bytes": bytes, "sha256": sha256 }],
    });
    let settings = json!({
        "model": arguments.name(),
        "file": format!("{address}/{name}"),
        "rounds": arguments.rounds,
        "tokens": TOKENS,
        "prompt": PROMPT,
    });
    let json = "application/json";
    let (server, reports) = Site {
        texts: vec![
            ("/".into(), "text/html", include_str!("page.html").into()),
            (
                "/bench.js".into(),
                "text/javascript",
                include_str!("page.js").into(),
            ),
            ("/settings.json".into(), json, settings.to_string()),
            (address.clone(), json, list.to_string()),
        ],
        files: vec![(format!("{address}/{name}"), file.into())],
        directories: vec![("/wllama/", wllama), ("/", dist)],
    }
    .serve()?;
    let profile = own_tools().join("bench-profile");
    if profile.exists() {
        std::fs::remove_dir_all(&profile)?;
    }
    let _browser = Browser(
        command("chromium")
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{server}/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromium does not start")?,
    );
    let mut rounds = Vec::new();
    loop {
        let report = reports
            .recv_timeout(PATIENCE)
            .context("the browser does not answer")?;
        eprintln!("{report}");
        if let Some(failure) = report["failed"].as_str() {
            bail!("in the browser: {failure}");
        }
        if report["end"] == true {
            break;
        }
        if report["round"].is_u64() {
            rounds.push(report);
        }
    }
    print!("{}", table(arguments, &rounds)?);
    Ok(())
}

/// One row for each measure: medians, and the median of the ratios of neighbours.
fn table(arguments: &Arguments, rounds: &[Value]) -> Result<String> {
    let mut text = format!(
        "`{}` in headless Chromium, one thread, {} rounds by turns; the peer is {WLLAMA}.\n\n\
         | tokens/s | Polydetox | wllama | ratio |\n|---|---|---|---|\n",
        arguments.name(),
        rounds.len()
    );
    for (measure, name) in [("decode", "decoding, one sequence"), ("prompt", "prompt")] {
        let figures = |program: &str| -> Vec<f64> {
            let figure = |round: &Value| round[program][measure].as_f64();
            rounds.iter().filter_map(figure).collect()
        };
        let (ours, theirs) = (figures("ours"), figures("wllama"));
        let ratios = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
        let (Some(ours), Some(theirs), Some(ratio)) =
            (median(ours), median(theirs), median(ratios))
        else {
            bail!("no figures of `{measure}`");
        };
        text.push_str(&format!(
            "| {name} | {ours:.1} | {theirs:.1} | {ratio:.2} |\n"
        ));
    }
    text.push_str(
        "\nOurs as the page sees it, with tokenizer, sampler and messages; wllama's by its own clock.\n",
    );
    Ok(text)
}

/// The peer's files, fetched by npm once.
fn wllama() -> Result<std::path::PathBuf> {
    let folder = own_tools().join("wllama");
    let package = folder.join("node_modules/@wllama/wllama");
    if !package.join("package.json").is_file() {
        std::fs::create_dir_all(&folder)?;
        finish(
            Command::new("npm")
                .args([
                    "install",
                    "--no-save",
                    "--no-audit",
                    "--no-fund",
                    "--ignore-scripts",
                ])
                .arg("--prefix")
                .arg(&folder)
                .arg(WLLAMA),
        )
        .context("the peer cannot be fetched; npm comes with Node.js")?;
    }
    Ok(package.join("esm"))
}

/// Ends with the bench, however that ends.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
