//! One text a row, out of a file of any format or stdin: what every command reads that takes texts.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{BadRows, DataError};
use super::format::Format;
use super::parquet;
use super::rows::{self, Row, bad};

/// Fields that a message names.
const NAMED: usize = 8;

/// A file of texts and how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it lies; `-` is stdin.
    pub path: PathBuf,
    /// How it is divided.
    pub format: Format,
    /// Fields or columns that may have the text: the first that a row has. Lines have none.
    pub fields: Vec<String>,
}

impl TextFile {
    /// Calls `each` with the line and the text of every row, in the order of the file, in bounded
    /// memory; gives the rows that have none. `bytes` is how many were read, of a file that is read
    /// from its beginning.
    ///
    /// # Errors
    /// As [`DataError`] says of the file as a whole, and what `each` returns.
    pub fn stream(
        &self,
        bytes: &Cell<u64>,
        each: &mut dyn FnMut(u64, &str) -> Result<(), DataError>,
    ) -> Result<BadRows, DataError> {
        let mut without = BadRows::default();
        let each = &mut |row: Row| match self.text(&row) {
            Some(text) => each(row.line, text),
            None if self.format.names_each_row() => {
                let reason = no_field(&self.fields, &row);
                without.push(bad(&self.path, row.line, 0, reason));
                Ok(())
            }
            None => Err(DataError::UnknownColumn {
                file: self.path.clone(),
                column: self.fields.join("` or `"),
                columns: row.values.into_iter().map(|(name, _)| name).collect(),
            }),
        };
        let mut problems = match self.format {
            Format::Parquet if !self.is_stdin() => parquet::read(&self.path, each),
            format if self.is_stdin() => {
                let reader = Counted(io::stdin().lock(), bytes);
                rows::from_reader(&self.path, reader, format, each)
            }
            format => {
                let file = File::open(&self.path).map_err(DataError::io(&self.path))?;
                rows::from_reader(&self.path, Counted(file, bytes), format, each)
            }
        }?;
        problems.extend(without);
        Ok(problems)
    }

    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    fn text<'r>(&self, row: &'r Row) -> Option<&'r str> {
        match self.format {
            Format::Lines => row.get("text"),
            _ => self.fields.iter().find_map(|field| row.get(field)),
        }
    }
}

/// Why an object has no text: other objects of its file may well have one.
pub(super) fn no_field(wanted: &[String], row: &Row) -> String {
    let short = |name: &str| name.chars().take(40).collect::<String>();
    let mut there: Vec<String> = row.values.iter().map(|(name, _)| short(name)).collect();
    if there.len() > NAMED {
        there.truncate(NAMED);
        there.push("…".to_owned());
    }
    let wanted = wanted.join("` or `");
    match there.is_empty() {
        true => format!("there is no text in `{wanted}`, nor in any other field"),
        false => format!(
            "there is no text in `{wanted}`; it has {}",
            there.join(", ")
        ),
    }
}

/// Counts the bytes that pass.
struct Counted<'a, R>(R, &'a Cell<u64>);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count as u64);
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(name: &str, content: &str) -> Result<(Vec<(u64, String)>, BadRows), DataError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        let mut found = Vec::new();
        let file = TextFile {
            format: Format::of(&path),
            path,
            fields: vec!["text".to_owned(), "prompt.text".to_owned()],
        };
        let bytes = Cell::new(0);
        let problems = file.stream(&bytes, &mut |line, text| {
            found.push((line, text.to_owned()));
            Ok(())
        })?;
        assert_eq!(bytes.get(), content.len() as u64);
        Ok((found, problems))
    }

    #[test]
    fn every_object_without_a_text_is_listed_with_its_line() {
        let content = "{\"text\": \"a\"}\n7\n{\"text\": \n{\"other\": \"x\", \"text\": null}\n\
                       {\"prompt\": {\"text\": \"b\"}}\n[1]\n{}\n";
        let (found, problems) = read("a.jsonl", content).unwrap();
        assert_eq!(found, [(1, "a".to_owned()), (5, "b".to_owned())]);
        let said = problems.check().unwrap_err().to_string();
        let lines: Vec<&str> = said
            .lines()
            .map(|line| line.split_once("a.jsonl:").unwrap().1)
            .collect();
        assert_eq!(
            lines,
            [
                "2: a number, not a JSON object",
                "3:9: EOF while parsing a value",
                "4: there is no text in `text` or `prompt.text`; it has other",
                "6: an array, not a JSON object",
                "7: there is no text in `text` or `prompt.text`, nor in any other field",
            ]
        );
    }

    #[test]
    fn a_table_has_the_column_or_has_it_not() {
        let (found, problems) = read("A.CSV", "id,text\n1,\"a\nb\"\n2,c\n").unwrap();
        assert_eq!(found, [(2, "a\nb".to_owned()), (4, "c".to_owned())]);
        assert!(problems.is_empty());
        let error = read("a.csv", "id,body\n1,a\n").unwrap_err().to_string();
        assert!(
            error.ends_with("there is no column `text` or `prompt.text`; it has id, body"),
            "{error}"
        );
    }
}
