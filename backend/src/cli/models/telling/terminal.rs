//! A bar on stderr, for eyes.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Teller;
use super::plain::line;
use crate::cli::models::units;
use crate::hub::PullEvent;

/// Tells with a bar, and in lines above it.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
}

impl Teller for Terminal {
    fn tell(&mut self, event: &PullEvent) {
        let PullEvent::Progress {
            bytes,
            total,
            bytes_per_second,
            eta_seconds,
            ..
        } = event
        else {
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            let _ = writeln!(std::io::stderr(), "{}", line(event));
            return;
        };
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is ours; should indicatif ever refuse it, its own will do.
            if let Ok(style) = ProgressStyle::with_template("{wide_bar} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_length(*total);
        bar.set_position(*bytes);
        bar.set_message(format!(
            "{} of {}  {}/s  {}",
            units::bytes(*bytes),
            units::bytes(*total),
            units::bytes(*bytes_per_second as u64),
            eta_seconds.map_or_else(String::new, units::duration),
        ));
    }
}
