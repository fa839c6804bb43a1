//! Labelled texts: any table with a column of texts, and a column or a rule that says which are
//! toxic.

use std::path::PathBuf;

use protocol::language::Language;
use serde::Serialize;

use super::error::{BadRows, DataError};
use super::format::Format;
use super::rows::{self, Row, bad};
use super::texts::no_field;

/// A text with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelledText {
    /// The text.
    pub text: String,
    /// Whether it is toxic.
    pub toxic: bool,
    /// Row from which it comes: sides of a pair have the same.
    pub line: u64,
}

/// What a column of texts means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// All are toxic.
    Toxic,
    /// None is.
    Clean,
    /// Another column has one of `toxic`, or it has any value but those of `clean`.
    Column {
        /// Name of the column.
        name: String,
        /// Values that mean toxic; if there are none, all that are not in `clean`.
        toxic: Vec<String>,
        /// Values that mean clean; if there are none, all that are not in `toxic`.
        clean: Vec<String>,
    },
}

/// A column of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextColumn {
    /// Its name.
    pub name: String,
    /// What its texts are.
    pub label: Label,
    /// Whether an empty field is no mistake.
    pub optional: bool,
}

/// A file and how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledFile {
    /// Where it lies.
    pub path: PathBuf,
    /// How it is divided.
    pub format: Format,
    /// Columns of texts.
    pub columns: Vec<TextColumn>,
    /// Language of all texts.
    pub language: Language,
    /// Whether `&amp;` and the like stand for characters.
    pub entities: bool,
}

impl LabelledFile {
    /// Calls `each` with every text, in the order of the file, in bounded memory.
    ///
    /// # Errors
    /// As [`DataError`] says; all bad rows are listed.
    pub fn stream(&self, each: &mut dyn FnMut(LabelledText)) -> Result<(), DataError> {
        self.rows(&mut |_, texts| texts.into_iter().for_each(&mut *each))
    }

    /// Calls `each` with the line of every row that is not bad, and its texts; an empty row has none.
    ///
    /// # Errors
    /// As [`LabelledFile::stream`].
    pub fn rows(&self, each: &mut dyn FnMut(u64, Vec<LabelledText>)) -> Result<(), DataError> {
        let mut problems = BadRows::default();
        let found = rows::read(&self.path, self.format, &mut |row| {
            let mut texts = Vec::with_capacity(self.columns.len());
            let mut sound = true;
            for column in &self.columns {
                match self.text(&row, column)? {
                    Ok(text) => texts.extend(text),
                    Err(reason) => {
                        sound = false;
                        problems.push(bad(&self.path, row.line, 0, reason));
                    }
                }
            }
            if sound {
                each(row.line, texts);
            }
            Ok(())
        })?;
        problems.extend(found);
        problems.check()
    }

    /// All texts; none if one row is bad.
    ///
    /// # Errors
    /// As [`LabelledFile::stream`].
    pub fn load(&self) -> Result<Vec<LabelledText>, DataError> {
        let mut texts = Vec::new();
        self.stream(&mut |text| texts.push(text))?;
        match texts.is_empty() {
            true => Err(DataError::Empty(self.path.clone())),
            false => Ok(texts),
        }
    }

    fn text(
        &self,
        row: &Row,
        column: &TextColumn,
    ) -> Result<Result<Option<LabelledText>, String>, DataError> {
        let unknown = |name: &str| match self.format.names_each_row() {
            true => Ok(Err(no_field(&[name.to_owned()], row))),
            false => Err(DataError::UnknownColumn {
                file: self.path.clone(),
                column: name.to_owned(),
                columns: row.values.iter().map(|(name, _)| name.clone()).collect(),
            }),
        };
        let Some(text) = row.get(&column.name).map(str::trim) else {
            return unknown(&column.name);
        };
        if text.is_empty() {
            return Ok(match column.optional {
                true => Ok(None),
                false => Err(format!("the text in `{}` is empty", column.name)),
            });
        }
        let toxic = match &column.label {
            Label::Toxic => true,
            Label::Clean => false,
            Label::Column { name, toxic, clean } => {
                let Some(label) = row.get(name).map(|label| label.trim().to_owned()) else {
                    return unknown(name);
                };
                match (toxic.contains(&label), clean.contains(&label)) {
                    (true, _) => true,
                    (_, true) => false,
                    _ if toxic.is_empty() => true,
                    _ if clean.is_empty() => false,
                    _ => return Ok(Err(format!("`{label}` in `{name}` is no label"))),
                }
            }
        };
        let text = if self.entities {
            decode_entities(text)
        } else {
            text.to_owned()
        };
        Ok(Ok(Some(LabelledText {
            text,
            toxic,
            line: row.line,
        })))
    }
}

/// The five entities of HTML, and characters by number.
fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest
            .char_indices()
            .take(10)
            .find(|(_, c)| *c == ';')
            .map(|(end, _)| end);
        let character = end.and_then(|end| entity(&rest[1..end]));
        match (character, end) {
            (Some(character), Some(end)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            _ => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded + rest
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn load(content: &str, columns: Vec<TextColumn>) -> Result<Vec<LabelledText>, DataError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tsv");
        std::fs::write(&path, content).unwrap();
        LabelledFile {
            format: Format::of(&path),
            path,
            columns,
            language: Language::De,
            entities: true,
        }
        .load()
    }

    fn column(name: &str, label: Label, optional: bool) -> TextColumn {
        TextColumn {
            name: name.to_owned(),
            label,
            optional,
        }
    }

    fn by_class(toxic: &[&str], clean: &[&str]) -> Label {
        Label::Column {
            name: "class".to_owned(),
            toxic: toxic.iter().map(|value| (*value).to_owned()).collect(),
            clean: clean.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn a_column_or_a_rule_says_what_is_toxic() {
        let text = "class\ttweet\n0\ta &amp; b\n2\tc\n";
        let found = load(text, vec![column("tweet", by_class(&["0"], &[]), false)]).unwrap();
        assert_eq!(
            (found[0].text.as_str(), found[0].toxic, found[1].toxic),
            ("a & b", true, false)
        );
        let pairs = "x\ty\nrude\tpolite\nworse\t\n";
        let columns = vec![
            column("x", Label::Toxic, false),
            column("y", Label::Clean, true),
        ];
        let found = load(pairs, columns).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!((found[1].toxic, found[1].line), (false, 2));
    }

    #[test]
    fn an_object_without_the_field_is_a_bad_row_among_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        std::fs::write(
            &path,
            "{\"text\": \"a\"}\n{\"b\": 1}\n{\"text\": \"c\"}\n5\n",
        )
        .unwrap();
        let file = LabelledFile {
            format: Format::of(&path),
            path,
            columns: vec![column("text", Label::Toxic, false)],
            language: Language::De,
            entities: false,
        };
        let said = file.load().unwrap_err().to_string();
        assert!(
            said.contains("a.jsonl:2: there is no text in `text`; it has b"),
            "{said}"
        );
        assert!(
            said.contains("a.jsonl:4: a number, not a JSON object"),
            "{said}"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = load("a\tb\n1\t2\n", vec![column("text", Label::Toxic, false)]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("there is no column `text`; it has a, b"),
            "{error}"
        );
        let text = "class\ttweet\n0\ta\n7\tb\n0\t \n";
        let error = load(text, vec![column("tweet", by_class(&["0"], &["2"]), false)]).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("a.tsv:3: `7` in `class` is no label"),
            "{said}"
        );
        assert!(
            said.contains("a.tsv:4: the text in `tweet` is empty"),
            "{said}"
        );
    }
}
