//! Values with a delimiter between them, read with the `csv` crate.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use super::quotes::Quotes;
use super::{BadRows, DataError, ROW_LIMIT, Row, bad, too_long};

/// Lets the bytes of one row pass and no more: an unclosed quote must not swallow a file.
struct Budget<R> {
    reader: R,
    left: Rc<Cell<usize>>,
    quotes: Option<Rc<RefCell<Quotes>>>,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_long()));
        }
        let end = buffer.len().min(left);
        let count = self.reader.read(&mut buffer[..end])?;
        self.left.set(left - count);
        if let Some(quotes) = &self.quotes {
            let mut quotes = quotes.borrow_mut();
            match count {
                0 => quotes.end(),
                _ => quotes.read(&buffer[..count]),
            }
        }
        Ok(count)
    }
}

/// Reads rows; `quotes` and `header` as in [`super::Format::Delimited`].
pub fn read(
    path: &Path,
    reader: impl Read,
    (delimiter, quotes, header): (u8, bool, bool),
    each: &mut dyn FnMut(Row) -> Result<(), DataError>,
) -> Result<BadRows, DataError> {
    let left = Rc::new(Cell::new(2 * ROW_LIMIT));
    let quoting = quotes.then(|| Rc::new(RefCell::new(Quotes::new(delimiter))));
    let mut table = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quotes)
        .has_headers(false)
        .flexible(true)
        .from_reader(Budget {
            reader,
            left: Rc::clone(&left),
            quotes: quoting.clone(),
        });
    let mut problems = BadRows::default();
    let mut record = csv::ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    loop {
        left.set(2 * ROW_LIMIT);
        let more = table.read_byte_record(&mut record).map_err(|error| {
            let place = error.position().unwrap_or(table.position());
            let line = place.line();
            let mut reason = error.to_string();
            if let Some(open) = quoting.as_ref().and_then(|quotes| quotes.borrow().open()) {
                reason += &format!("; the quote that opens on line {open} may never be closed");
            }
            DataError::Rows(bad(path, line, 0, reason).into())
        })?;
        if !more {
            break;
        }
        if let Some(quotes) = &quoting {
            let mut sound = true;
            let mut quotes = quotes.borrow_mut();
            while let Some(fault) = quotes.take_within(table.position().byte()) {
                sound = false;
                problems.push(bad(path, fault.line, fault.field, fault.reason()));
            }
            if !sound && header && names.is_none() {
                // Without the head the rows mean nothing.
                return Err(DataError::Rows(problems));
            }
            if !sound {
                continue;
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let mut values = Vec::with_capacity(record.len());
        for (number, field) in (1..).zip(&record) {
            match std::str::from_utf8(field) {
                Ok(text) => values.push(text.to_owned()),
                Err(_) => problems.push(bad(path, line, number, "this field is not UTF-8")),
            }
        }
        if values.len() < record.len() {
            continue;
        }
        if header && names.is_none() {
            names = Some(values);
            continue;
        }
        let columns = names.get_or_insert_with(|| {
            (1..=values.len())
                .map(|number| number.to_string())
                .collect()
        });
        if columns.len() != values.len() {
            let reason = format!("{} fields, not {}", values.len(), columns.len());
            problems.push(bad(path, line, 0, reason));
            continue;
        }
        each(Row {
            line,
            values: columns.iter().cloned().zip(values).collect(),
        })?;
    }
    Ok(problems)
}
