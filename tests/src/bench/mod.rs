//! `cargo xtask bench`: speed and memory beside other programs on the same machine and file. Single
//! figures mean little where other work runs too, so the programs take turns (A B A B …) and what
//! counts is the median of the ratios of neighbours.

mod arguments;
mod browser;
mod comparison;
mod machine;
mod peer;
mod report;
mod train;

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use crate::process::own_tools;
use arguments::Arguments;
use comparison::Comparison;
use machine::Load;
use peer::{Outcome, Peers};

/// What llama.cpp measures too, in the order in which one process does it: memory after `decode1`
/// is then that of generating.
const GENERATION: [&str; 4] = ["load", "decode1", "decode16", "prompt"];

/// Measures, prints a table, and leaves all raw figures under `target/bench`.
pub fn bench(arguments: &[String]) -> Result<()> {
    let arguments = Arguments::parse(arguments)?;
    if arguments.browser {
        return browser::bench(&arguments);
    }
    if arguments.train {
        return train::bench(&arguments);
    }
    let mut peers = Peers::new(&arguments)?;
    // Warms the page cache; also tells where the checkpoint lies.
    let first = peers.ours(&["load"])?;
    let file = first["file"].as_str().unwrap_or_default().to_owned();
    let mut generation = Comparison::new("llama.cpp");
    let mut scoring = [
        Comparison::new("PyTorch float32"),
        Comparison::new("PyTorch bfloat16"),
    ];
    let load = Load::start();
    for round in 1..=arguments.rounds {
        eprintln!("--- round {round} of {}", arguments.rounds);
        let ours = peers.ours(&GENERATION)?;
        let theirs = peers.llama_cpp(&file, &GENERATION);
        generation.add(ours, theirs);
        for (comparison, dtype) in scoring.iter_mut().zip(["float32", "bfloat16"]) {
            let ours = peers.ours(&["score"])?;
            let theirs = peers.pytorch(&file, dtype);
            comparison.add(ours, theirs);
        }
    }
    let load = load.stop();
    let file_bytes = fs::metadata(&file).map_or(0, |metadata| metadata.len());
    print!(
        "{}",
        report::markdown(&arguments, &first, file_bytes, &generation, &scoring, &load)
    );
    let raw = json!({
        "model": arguments.model,
        "threads": arguments.threads,
        "file_bytes": file_bytes,
        "machine": load.describe(),
        "rounds": std::iter::once(&generation).chain(&scoring).map(Comparison::raw).collect::<Vec<Value>>(),
    });
    let folder = own_tools().with_file_name("bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.json", arguments.name()));
    fs::write(&path, serde_json::to_vec_pretty(&raw)?)?;
    eprintln!("raw figures: {}", path.display());
    Ok(())
}

/// What a peer that cannot run says of it, for the last lines of the report.
fn skipped(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Measured(_) => None,
        Outcome::Skipped(reason) => Some(reason),
    }
}
