//! Progress bars on stderr; nothing where stderr is no terminal.

use std::time::Instant;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// A bar with rate and time left.
pub(super) fn progress(count: usize, unit: &str) -> ProgressBar {
    let template =
        format!("{{wide_bar}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{msg}}, {{eta}} left");
    let bar = ProgressBar::new(count as u64);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// Progress in texts whose number nobody knows before the last: what was read of the files' bytes
/// says how much is left, and where even those are not known (stdin, pipes, parquet), there is no
/// bar and no end in sight.
pub(super) struct TextProgress {
    bar: ProgressBar,
    start: Instant,
    texts: u64,
}

impl TextProgress {
    /// `bytes` is how many there are to read, if that is known.
    pub fn new(bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{wide_bar} {msg}"),
            None => (ProgressBar::no_length(), "{msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            start: Instant::now(),
            texts: 0,
        }
    }

    /// So many more texts are done, and so many bytes were read in all.
    pub fn advance(&mut self, texts: u64, bytes: u64) {
        self.texts += texts;
        let seconds = self.start.elapsed().as_secs_f64();
        let told = told(self.texts, seconds, bytes, self.bar.length());
        self.bar.set_position(bytes);
        self.bar.set_message(told);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn told(texts: u64, seconds: f64, bytes: u64, of: Option<u64>) -> String {
    let rate = texts as f64 / seconds.max(1e-3);
    let told = format!("{texts} texts, {rate:.0} a second");
    match of {
        Some(of) if bytes > 0 => {
            let left = of.saturating_sub(bytes) as f64 / bytes as f64 * seconds;
            let left = std::time::Duration::from_secs(left as u64);
            format!("{told}, {} left", HumanDuration(left))
        }
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_end_is_not_said_to_be_near() {
        assert_eq!(
            told(69_632, 8.0, 5_000_000, None),
            "69632 texts, 8704 a second"
        );
        assert_eq!(
            told(100, 10.0, 250, Some(1_000)),
            "100 texts, 10 a second, 30 seconds left"
        );
        let mut progress = TextProgress::new(None);
        progress.advance(10, 100);
        assert_eq!(progress.bar.length(), None);
    }
}
