//! The table that goes into the README.

use std::fmt::Write;

use serde_json::Value;

use super::arguments::Arguments;
use super::comparison::{Comparison, Reading, megabytes, seconds, speed, speed_of_processor_time};
use super::machine::Busy;

/// A row: what, which measure, how it is read, its unit.
type Row = (&'static str, &'static str, Reading, &'static str);

const GENERATION: [Row; 8] = [
    ("decoding, one sequence", "decode1", speed, "tokens/s"),
    ("decoding, 16 sequences", "decode16", speed, "tokens/s"),
    ("prompt of 512 tokens", "prompt", speed, "tokens/s"),
    (
        "decoding, one sequence",
        "decode1",
        speed_of_processor_time,
        "tokens/CPU-s",
    ),
    (
        "decoding, 16 sequences",
        "decode16",
        speed_of_processor_time,
        "tokens/CPU-s",
    ),
    (
        "prompt of 512 tokens",
        "prompt",
        speed_of_processor_time,
        "tokens/CPU-s",
    ),
    ("load to first token", "load", seconds, "s"),
    ("memory of generating (peak)", "decode1", megabytes, "MB"),
];

const SCORING: [Row; 2] = [
    ("scoring 8 texts of 64 tokens", "score", speed, "tokens/s"),
    (
        "scoring 8 texts of 64 tokens",
        "score",
        speed_of_processor_time,
        "tokens/CPU-s",
    ),
];

/// The table with what has to be known to read it.
pub fn markdown(
    arguments: &Arguments,
    ours: &Value,
    file_bytes: u64,
    generation: &Comparison,
    scoring: &[Comparison],
    load: &Busy,
) -> String {
    let mut rows = String::new();
    for row in GENERATION {
        add(&mut rows, generation, row);
    }
    for comparison in scoring {
        for row in SCORING {
            add(&mut rows, comparison, row);
        }
    }
    let mut text = format!(
        "`{}`, {:.0} MB, {} threads, {}.\n\n\
         | what | unit | Polydetox | other | | ratio | range |\n\
         |---|---|---:|---:|---|---:|---|\n{rows}\n\
         Medians of {} turns (A B A B …), each in a process of its own; the ratio is the median of the \
         turns' ratios, Polydetox / other. More is better for tokens, less for seconds and memory. \
         A CPU-second counts the work of all threads, waiting in a loop included.\n",
        arguments.name(),
        file_bytes as f64 / 1e6,
        arguments.threads,
        load.describe(),
        arguments.rounds,
    );
    for comparison in std::iter::once(generation).chain(scoring) {
        if let Some(reason) = comparison.skipped() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\nskipped: {}: {reason}", comparison.name());
        }
    }
    if let Some(device) = ours["device"].as_str() {
        let _ = writeln!(text, "\nPolydetox ran on {device}.");
    }
    text
}

fn add(rows: &mut String, comparison: &Comparison, (what, measure, reading, unit): Row) {
    let name = comparison.name();
    let line = match comparison.summary(measure, reading) {
        Some(both) => format!(
            "| {what} | {unit} | {} | {} | {name} | **{:.2}** | {:.2}–{:.2} |",
            figure(both.ours),
            figure(both.theirs),
            both.ratio,
            both.range.0,
            both.range.1
        ),
        None => match comparison.ours(measure, reading) {
            Some(ours) => format!(
                "| {what} | {unit} | {} | – | {name} | – | – |",
                figure(ours)
            ),
            None => return,
        },
    };
    rows.push_str(&line);
    rows.push('\n');
}

fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
