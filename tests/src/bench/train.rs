//! `cargo xtask bench --train`: updates of an adapter beside PyTorch and PEFT, the same texts, the
//! same weights, turn by turn.

use std::fs;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::comparison::{Comparison, Reading, megabytes, speed, speed_of_processor_time};
use super::machine::Load;
use super::peer::{Outcome, Peers};
use crate::process::own_tools;

/// The losses of the first update may differ by this much of their size. A fresh adapter changes
/// nothing, so dropout does not matter, but rounding to bfloat16 does.
const TOLERANCE: f64 = 5e-3;

/// Single precision, what both do, and our bfloat16 beside their single precision.
const MEASURES: [(&str, &str); 2] = [("train", "float32"), ("train-bf16", "bfloat16 here")];

/// Measures, prints a table, and leaves all raw figures under `target/bench`.
pub fn bench(arguments: &Arguments) -> Result<()> {
    let mut peers = Peers::new(arguments)?;
    let first = peers.ours(&["load"])?;
    let file = first["file"].as_str().unwrap_or_default().to_owned();
    let mut comparisons = MEASURES.map(|_| Comparison::new("PyTorch + PEFT float32"));
    let load = Load::start();
    for round in 1..=arguments.rounds {
        eprintln!("--- round {round} of {}", arguments.rounds);
        for ((measure, _), comparison) in MEASURES.iter().zip(&mut comparisons) {
            let ours = match peers.ours(&[measure]) {
                Ok(report) => json!({ "train": report[measure.replace('-', "_")] }),
                // Not every processor multiplies bfloat16.
                Err(error) if *measure != "train" => {
                    eprintln!("{measure} has no figures: {error:#}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let theirs = peers.peft(&file);
            same_loss(&ours, &theirs)?;
            comparison.add(ours, theirs);
        }
    }
    let load = load.stop();
    let rows: [(&str, Reading, &str); 3] = [
        ("training", speed, "tokens/s"),
        ("training", speed_of_processor_time, "tokens/CPU-s"),
        ("memory of training (peak)", megabytes, "MB"),
    ];
    println!(
        "`{}`, {} threads, {}.\n\n| what | unit | Polydetox | PyTorch + PEFT | ratio | range |\n\
         |---|---|---:|---:|---:|---|",
        arguments.name(),
        arguments.threads,
        load.describe()
    );
    for ((_, kind), comparison) in MEASURES.iter().zip(&comparisons) {
        for (what, reading, unit) in rows {
            if let Some(both) = comparison.summary("train", reading) {
                println!(
                    "| {what}, {kind} | {unit} | {:.0} | {:.0} | **{:.2}** | {:.2}–{:.2} |",
                    both.ours, both.theirs, both.ratio, both.range.0, both.range.1
                );
            }
        }
        if let Some(reason) = comparison.skipped() {
            println!("\nskipped: {}: {reason}", comparison.name());
        }
    }
    println!(
        "\nTokens are real ones, without padding. Medians of {} turns (A B A B …), each in a process of \
         its own; the ratio is the median of the turns' ratios.",
        arguments.rounds
    );
    let raw = json!({
        "model": arguments.model,
        "threads": arguments.threads,
        "machine": load.describe(),
        "rounds": comparisons.iter().map(Comparison::raw).collect::<Vec<Value>>(),
    });
    let folder = own_tools().with_file_name("bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("train-{}.json", arguments.name()));
    fs::write(&path, serde_json::to_vec_pretty(&raw)?)?;
    eprintln!("raw figures: {}", path.display());
    Ok(())
}

/// Refuses to compare programs that do not compute the same.
fn same_loss(ours: &Value, theirs: &Outcome) -> Result<()> {
    let Outcome::Measured(theirs) = theirs else {
        return Ok(());
    };
    let loss = |report: &Value| report["train"]["loss"].as_f64().unwrap_or(f64::NAN);
    let (ours, theirs) = (loss(ours), loss(theirs));
    if (ours - theirs).abs() <= TOLERANCE * theirs {
        Ok(())
    } else {
        bail!("the first loss is {ours} here and {theirs} there: they do not do the same")
    }
}
