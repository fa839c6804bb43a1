//! What became of the steps.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::tally::Tally;

/// The steps so far.
#[derive(Debug, Default)]
pub struct Summary {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    tally: Tally,
    took: Duration,
}

impl Summary {
    /// Runs a step. One that cannot be carried out counts as one failure.
    pub fn step(&mut self, name: &str, check: impl FnOnce() -> Result<Tally>) {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        let tally = check().unwrap_or_else(|error| {
            eprintln!("{error:#}");
            Tally::one(false)
        });
        self.steps.push(Step {
            name: name.to_owned(),
            tally,
            took: start.elapsed(),
        });
    }

    /// Prints all steps, what failed and what was skipped, and last of all the sums.
    pub fn print(&self) -> ExitCode {
        println!("\n=== summary");
        let mut total = Tally::default();
        for step in &self.steps {
            println!(
                "{:>7.1} s  {:<28} {}",
                step.took.as_secs_f64(),
                step.name,
                step.tally
            );
            total.add(&step.tally);
        }
        for failure in &total.failures {
            println!("failed: {failure}");
        }
        for reason in &total.skipped {
            println!("skipped: {reason}");
        }
        println!("{total}");
        if total.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
