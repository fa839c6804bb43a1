//! Follows the quotes of delimited values as the `csv` crate reads them. The crate takes whatever
//! lies behind a quote that is never closed for one value, and says nothing: rows would be lost.

/// Where a text of delimited values is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first character of a value.
    Start,
    /// In a value without quotes.
    Plain,
    /// Behind a quote that was opened.
    Quoted,
    /// Behind a quote in a quoted value: its end, or the first of two.
    Closing,
}

/// A quote that takes more than its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Number of the byte behind it.
    byte: u64,
    /// Line on which it opens, from 1.
    pub line: u64,
    /// Number of its field in the row, from 1.
    pub field: u64,
    /// Line on which another quote ends it in the middle of a value; none if nothing does.
    pub until: Option<u64>,
}

/// Where the last quote opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Opened {
    byte: u64,
    line: u64,
    field: u64,
}

/// Follows the quotes of a text.
#[derive(Debug)]
pub struct Quotes {
    delimiter: u8,
    state: State,
    byte: u64,
    line: u64,
    field: u64,
    opened: Opened,
    faults: Vec<Fault>,
}

impl Quotes {
    /// At the beginning of a text.
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::Start,
            byte: 0,
            line: 1,
            field: 1,
            opened: Opened::default(),
            faults: Vec::new(),
        }
    }

    /// Goes on behind these bytes.
    pub fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        self.byte += 1;
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => State::Quoted,
            (State::Closing, b'"') => State::Quoted,
            (State::Start, b'"') => {
                self.opened = Opened {
                    byte: self.byte,
                    line: self.line,
                    field: self.field,
                };
                State::Quoted
            }
            (_, b'\n' | b'\r') => {
                self.field = 1;
                State::Start
            }
            (_, byte) if byte == self.delimiter => {
                self.field += 1;
                State::Start
            }
            (State::Closing, _) => {
                // Within a line that is somebody's way of writing; over several, the quote was
                // forgotten, and this one opens the value of another row.
                if self.opened.line < self.line {
                    self.fault(Some(self.line));
                }
                State::Plain
            }
            (State::Start | State::Plain, _) => State::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }

    /// The text ends here.
    pub fn end(&mut self) {
        if self.state == State::Quoted {
            self.fault(None);
            self.state = State::Start;
        }
    }

    /// The line on which a quote opens that has not been closed so far.
    pub fn open(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.opened.line)
    }

    /// Takes the first fault in the first `bytes`.
    pub fn take_within(&mut self, bytes: u64) -> Option<Fault> {
        let first = self.faults.first()?;
        (first.byte <= bytes).then(|| self.faults.remove(0))
    }

    fn fault(&mut self, until: Option<u64>) {
        let Opened { byte, line, field } = self.opened;
        self.faults.push(Fault {
            byte,
            line,
            field,
            until,
        });
    }
}

impl Fault {
    /// What is wrong, for the reader.
    pub fn reason(&self) -> String {
        match self.until {
            None => "the quote that opens here is never closed, so that all rows behind it are \
                     part of this one"
                .to_owned(),
            Some(line) => format!(
                "the quote that opens here is closed only on line {line}, in the middle of a value"
            ),
        }
    }
}
