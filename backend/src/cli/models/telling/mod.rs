//! Ways to tell what happens while a model is fetched. Who reads it may have gone away; fetching
//! goes on, so failed output is passed over here.

mod plain;
mod terminal;

use std::io::Write;

use crate::hub::PullEvent;

pub use plain::Lines;
pub use terminal::Terminal;

/// Tells of events.
pub trait Teller {
    /// Tells of one.
    fn tell(&mut self, event: &PullEvent);
}

/// One JSON object per line on stdout.
#[derive(Debug, Default)]
pub struct JsonLines;

impl Teller for JsonLines {
    fn tell(&mut self, event: &PullEvent) {
        let mut stdout = std::io::stdout().lock();
        if let Ok(line) = serde_json::to_string(event) {
            let _ = writeln!(stdout, "{line}");
            let _ = stdout.flush();
        }
    }
}
