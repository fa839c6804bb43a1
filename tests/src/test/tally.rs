//! Counts of checks, read from the output of cargo's test programs.

use std::fmt::{Display, Formatter};

/// How many checks passed and failed, and which were skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Names of those among them that have one.
    pub failures: Vec<String>,
    /// Reasons why the others did not run.
    pub skipped: Vec<String>,
    /// Skipped tests of the program whose result is not read yet.
    counted_as_passed: usize,
}

impl Tally {
    /// One check that passed or failed.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
            ..Self::default()
        }
    }

    /// Takes a line of a test program. Tests that pass only because they could not run print
    /// `skipped: REASON`, which libtest shows with `--show-output`; those that left out one device
    /// of several print `skipped on DEVICE: REASON`.
    pub fn read(&mut self, line: &str) {
        if let Some(reason) = line.strip_prefix("skipped: ") {
            self.skipped.push(reason.to_owned());
            self.counted_as_passed += 1;
        } else if line.starts_with("skipped on ") {
            self.skipped.push(line["skipped ".len()..].to_owned());
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            let skipped = std::mem::take(&mut self.counted_as_passed);
            self.passed += count(counts, "passed").saturating_sub(skipped);
            self.failed += count(counts, "failed");
        } else if let Some(test) = line.strip_prefix("test ") {
            if let Some(name) = test.strip_suffix(" ... FAILED") {
                self.failures.push(name.to_owned());
            } else if let Some((name, reason)) = test.split_once(" ... ignored") {
                self.skipped.push(format!("{name}{reason}"));
            }
        }
    }

    /// At the end of the output: a run that failed without a failed test (a crash, a program that
    /// does not build) is a failure as well.
    pub fn end(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend_from_slice(&other.failures);
        self.skipped.extend_from_slice(&other.skipped);
    }
}

impl Display for Tally {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let skipped = self.skipped.len();
        write!(
            formatter,
            "{} passed, {} failed, {skipped} skipped",
            self.passed, self.failed
        )
    }
}

fn count(counts: &str, word: &str) -> usize {
    counts
        .split(['.', ';'])
        .filter_map(|part| part.trim().split_once(' '))
        .find(|(_, what)| *what == word)
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 4 tests
test a::one ... ok
test a::two ... FAILED
test a::three ... ignored, needs a card
test a::four ... ok

successes:

---- a::four stdout ----
skipped: no browser
skipped on Vulkan: no adapter

failures:
    a::two

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";

    fn read(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn results_of_several_programs_add_up() {
        let tally = read(OUTPUT).end(false);
        assert_eq!((tally.passed, tally.failed), (6, 1));
        assert_eq!(tally.failures, ["a::two"]);
        assert_eq!(
            tally.skipped,
            [
                "a::three, needs a card",
                "no browser",
                "on Vulkan: no adapter"
            ]
        );
        assert_eq!(tally.to_string(), "6 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn a_crash_without_a_failed_test_is_a_failure() {
        assert_eq!(Tally::default().end(false).failed, 1);
        assert_eq!(Tally::default().end(true).failed, 0);
    }
}
