//! How a run is told to people: a bar on a terminal, lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::study::{PieceCount, StudyEvent, StudyPlan, StudyState};

use crate::cli::models::units;
use crate::cli::note::note;

/// Between two lines that only say how far it is.
const PAUSE: Duration = Duration::from_secs(15);

/// Tells what happens.
pub trait Teller {
    /// Tells one event.
    fn tell(&mut self, event: &StudyEvent);
}

/// In lines.
#[derive(Debug, Default)]
pub struct Lines {
    told: Option<Instant>,
}

/// With a bar.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
}

impl Teller for Lines {
    fn tell(&mut self, event: &StudyEvent) {
        if let Some(line) = line(event) {
            note(line);
        } else if let StudyEvent::Progress { .. } = event
            && self.told.is_none_or(|told| told.elapsed() >= PAUSE)
            && let Some((_, _, message)) = progress(event)
        {
            self.told = Some(Instant::now());
            note(message);
        }
    }
}

impl Teller for Terminal {
    fn tell(&mut self, event: &StudyEvent) {
        if let Some((done, total, message)) = progress(event) {
            let bar = self.bar.get_or_insert_with(|| {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                // The template is ours; should indicatif ever refuse it, its own will do.
                if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len}\n{msg}") {
                    bar.set_style(style);
                }
                bar
            });
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(message);
            return;
        }
        if let StudyEvent::Ended { .. } = event
            && let Some(bar) = self.bar.take()
        {
            bar.finish_and_clear();
        }
        if let Some(line) = line(event) {
            match &self.bar {
                Some(bar) => bar.suspend(|| note(line)),
                None => note(line),
            }
        }
    }
}

/// Pieces done, all pieces, and how far it is in words.
fn progress(event: &StudyEvent) -> Option<(u64, u64, String)> {
    let StudyEvent::Progress {
        pieces,
        current,
        tokens_per_second,
        eta_seconds,
        ..
    } = event
    else {
        return None;
    };
    let sum = |read: fn(&PieceCount) -> usize| pieces.iter().map(read).sum::<usize>();
    let (done, total) = (sum(|count| count.done), sum(|count| count.total));
    let mut message = format!("{done} of {total} pieces");
    if let Some(current) = current {
        message.push_str(&format!(
            ", {} {} {:.0} %",
            current.kind.name(),
            current.label,
            100.0 * current.fraction
        ));
    }
    if let Some(rate) = tokens_per_second {
        message.push_str(&format!(", {rate:.0} tokens/s"));
    }
    if let Some(seconds) = eta_seconds {
        message.push_str(&format!(", {} left", units::duration(*seconds)));
    }
    Some((done as u64, total as u64, message))
}

/// What is told in a line of its own.
fn line(event: &StudyEvent) -> Option<String> {
    match event {
        StudyEvent::Plan { plan } => Some(planned(plan)),
        StudyEvent::Stored {
            kind: protocol::study::PieceKind::Train,
            label,
            seconds,
        } => Some(format!("trained {label} in {}", units::duration(*seconds))),
        StudyEvent::Damaged { reason, .. } => Some(format!("{reason}; it is done again")),
        StudyEvent::Ended {
            state: StudyState::Failed,
            ..
        }
        | StudyEvent::Stored { .. }
        | StudyEvent::Progress { .. }
        | StudyEvent::Loss { .. }
        | StudyEvent::Ended { .. } => None,
    }
}

/// What is told before it begins.
fn planned(plan: &StudyPlan) -> String {
    let mut told = format!(
        "{} cells; {} pieces to do\n\
         {} completions, {} tokens to train on, at most {} to generate\n\
         about {} (from {}), about {} of memory",
        plan.cells,
        plan.pieces,
        plan.completions,
        plan.train_tokens,
        plan.generated_tokens,
        units::duration(plan.seconds),
        plan.estimated_from,
        units::bytes(plan.memory_bytes),
    );
    for shortfall in &plan.shortfalls {
        told.push_str(&format!("\n{shortfall}"));
    }
    told
}
