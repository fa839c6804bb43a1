//! Stop strings: text is held back while it may still be the beginning of one.

/// Watches the text of one sequence.
pub struct StopWatch {
    stops: Vec<String>,
    held: String,
}

/// What a piece of text led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Watched {
    /// This much is final.
    Text(String),
    /// A stop string appeared; this is the final text before it.
    Stopped(String),
}

impl StopWatch {
    /// Watches for any of the strings; none may be empty.
    pub fn new(stops: Vec<String>) -> Self {
        Self {
            stops,
            held: String::new(),
        }
    }

    /// Takes the next piece of text.
    pub fn push(&mut self, text: &str) -> Watched {
        self.held.push_str(text);
        let first = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()))
            .min();
        if let Some(at) = first {
            self.held.truncate(at);
            return Watched::Stopped(std::mem::take(&mut self.held));
        }
        let keep = self.longest_beginning();
        let rest = self.held.split_off(self.held.len() - keep);
        Watched::Text(std::mem::replace(&mut self.held, rest))
    }

    /// What is still held back when the sequence ends otherwise.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Length of the longest end of the held text that begins a stop string.
    fn longest_beginning(&self) -> usize {
        let starts = self.held.char_indices().map(|(at, _)| at);
        starts
            .map(|at| &self.held[at..])
            .find(|end| self.stops.iter().any(|stop| stop.starts_with(end)))
            .map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_string_across_pieces_never_shows() {
        let mut watch = StopWatch::new(vec!["\n\n".into(), "END".into()]);
        assert_eq!(watch.push("one E"), Watched::Text("one ".into()));
        assert_eq!(watch.push("N"), Watched::Text(String::new()));
        assert_eq!(watch.push("ough"), Watched::Text("ENough".into()));
        assert_eq!(watch.push("\n"), Watched::Text(String::new()));
        assert_eq!(watch.push("\nmore"), Watched::Stopped(String::new()));
    }

    #[test]
    fn the_earliest_stop_wins_and_held_text_is_given_back() {
        let mut watch = StopWatch::new(vec!["bc".into(), "ab".into()]);
        assert_eq!(watch.push("xxabc"), Watched::Stopped("xx".into()));
        let mut watch = StopWatch::new(vec!["سلام".into()]);
        assert_eq!(watch.push("قل سل"), Watched::Text("قل ".into()));
        assert_eq!(watch.finish(), "سل");
    }
}
