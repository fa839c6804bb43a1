//! How a training run is told: JSON lines on stdout, a bar or lines on stderr.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use protocol::training::TrainingEvent;

use crate::cli::note::note;

/// Lines of a run that goes to a log instead of a terminal.
const LINES: u64 = 20;

/// Tells of events.
pub(super) enum Progress {
    Json,
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// What suits the output.
    pub(super) fn new(json: bool) -> Self {
        match (json, std::io::stderr().is_terminal()) {
            (true, _) => Self::Json,
            (false, true) => Self::Bar(ProgressBar::new(0)),
            (false, false) => Self::Lines,
        }
    }

    /// Tells of one. Who reads it may have gone away; training goes on.
    pub(super) fn tell(&self, event: &TrainingEvent) {
        match self {
            Self::Json => {
                let mut stdout = std::io::stdout().lock();
                if let Ok(line) = serde_json::to_string(event) {
                    let _ = writeln!(stdout, "{line}");
                    let _ = stdout.flush();
                }
            }
            Self::Bar(bar) => tell_bar(bar, event),
            Self::Lines => {
                let told = match event {
                    TrainingEvent::Step { step, steps, .. } => {
                        let every = steps.div_ceil(LINES);
                        *step == 1 || step == steps || step.is_multiple_of(every)
                    }
                    _ => true,
                };
                if told {
                    note(line(event));
                }
            }
        }
    }
}

fn tell_bar(bar: &ProgressBar, event: &TrainingEvent) {
    match event {
        TrainingEvent::Started {
            steps, resumed_at, ..
        } => {
            // The template is constant; a mistake in it leaves the plain bar.
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
                bar.set_style(style);
            }
            bar.set_length(*steps);
            bar.set_position(*resumed_at);
            bar.println(line(event));
        }
        TrainingEvent::Step { step, .. } => {
            bar.set_message(line(event));
            bar.set_position(*step);
        }
        TrainingEvent::Validation { .. } => bar.println(line(event)),
        TrainingEvent::Checkpoint { .. } => {}
        TrainingEvent::Finished { .. } => {
            bar.finish_and_clear();
            note(line(event));
        }
    }
}

/// An event in words.
fn line(event: &TrainingEvent) -> String {
    match event {
        TrainingEvent::Started {
            steps,
            resumed_at,
            texts,
            truncated,
            skipped,
            tokens_per_epoch,
            trainable_parameters,
        } => {
            let mut line = format!(
                "{texts} texts, {tokens_per_epoch} tokens an epoch, {steps} updates of \
                 {trainable_parameters} parameters"
            );
            for (count, what) in [(truncated, "cut"), (skipped, "without a token to learn")] {
                if *count > 0 {
                    line += &format!(", {count} {what}");
                }
            }
            if *resumed_at > 0 {
                line += &format!("; going on after update {resumed_at}");
            }
            line
        }
        TrainingEvent::Step {
            step,
            steps,
            loss,
            learning_rate,
            gradient_norm,
            tokens_per_second,
            remaining_seconds,
            ..
        } => format!(
            "update {step} of {steps}: loss {loss:.4}, learning rate {learning_rate:.2e}, gradient \
             {gradient_norm:.3}, {tokens_per_second:.0} tokens/s, {remaining_seconds:.0} s left"
        ),
        TrainingEvent::Validation { step, loss, best } => {
            let best = if *best { ", the lowest so far" } else { "" };
            format!("validation after update {step}: loss {loss:.4}{best}")
        }
        TrainingEvent::Checkpoint { step } => format!("checkpoint after update {step}"),
        TrainingEvent::Finished {
            steps,
            tokens,
            seconds,
            ..
        } => format!("{steps} updates, {tokens} tokens, {seconds:.1} s"),
    }
}
