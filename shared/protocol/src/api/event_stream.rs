//! Reads server-sent events (WHATWG HTML §9.2.6) out of bytes that arrive in arbitrary pieces.

/// Longest line that is kept; one that grows beyond it is dropped up to its end.
const LINE_LIMIT: usize = 4 << 20;

/// A reader of one stream. Only the data of events is handed out: in this API each event's JSON
/// carries its own type.
#[derive(Debug, Default)]
pub struct EventStream {
    line: Vec<u8>,
    line_too_long: bool,
    after_carriage_return: bool,
    data: Option<String>,
}

impl EventStream {
    /// Takes the next bytes and returns the data of every event that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for &byte in bytes {
            let second_of_pair = byte == b'\n' && self.after_carriage_return;
            self.after_carriage_return = byte == b'\r';
            match byte {
                _ if second_of_pair => {}
                b'\n' | b'\r' => complete.extend(self.end_line()),
                _ if self.line.len() >= LINE_LIMIT => self.line_too_long = true,
                _ => self.line.push(byte),
            }
        }
        complete
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.line_too_long) {
            return None;
        }
        if line.is_empty() {
            return self.data.take();
        }
        let value = line.strip_prefix(b"data:")?;
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(&value);
            }
            None => self.data = Some(value.into_owned()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\r\nevent: token\r\ndata: {\"text\":\"नमस्ते 😀\"}\r\n\r\ndata:one\ndata: two\n\nid: 3\n\ndata: unfinished";

    #[test]
    fn every_way_to_cut_the_stream_gives_the_same_events() {
        let expected = vec![r#"{"text":"नमस्ते 😀"}"#.to_owned(), "one\ntwo".to_owned()];
        for size in 1..=STREAM.len() {
            let mut stream = EventStream::default();
            let events: Vec<String> = STREAM
                .as_bytes()
                .chunks(size)
                .flat_map(|piece| stream.push(piece))
                .collect();
            assert_eq!(events, expected, "pieces of {size} bytes");
        }
    }

    #[test]
    fn an_endless_line_takes_no_endless_memory() {
        let mut stream = EventStream::default();
        for _ in 0..5 {
            assert!(stream.push(&vec![b'x'; 1 << 20]).is_empty());
        }
        assert!(stream.line.len() <= LINE_LIMIT);
        assert_eq!(stream.push(b"\ndata: next\n\n"), vec!["next"]);
    }
}
