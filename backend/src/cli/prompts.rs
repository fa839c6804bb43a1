//! Reads texts from the command line, files and stdin: every command that takes texts does it here.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Failure;
use super::note::note;
use crate::data::{BadRows, DataError, Format, Problems, TextFile};

/// How files of texts are read: options that several subcommands share.
#[derive(Debug, Clone, Default, Args)]
pub struct Reading {
    /// How the files are divided [default: by their endings; stdin: lines]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<FormatName>,
    /// Field or column with the text [default: `text`; for prompts `prompt`, `Prompt` or `text`]
    #[arg(long, visible_alias = "column", value_name = "NAME")]
    pub field: Option<String>,
    /// The same as `--format jsonl`
    #[arg(long, hide = true, conflicts_with = "format")]
    pub jsonl: bool,
}

/// [`Format`] by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// One text a line
    Lines,
    /// One JSON object a line
    Jsonl,
    /// A JSON array of objects
    Json,
    /// Comma-separated, with a header
    Csv,
    /// Tab-separated, with a header
    Tsv,
    /// A parquet file
    Parquet,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Lines => Self::Lines,
            FormatName::Jsonl => Self::JsonLines,
            FormatName::Json => Self::JsonArray,
            FormatName::Csv => Self::CSV,
            FormatName::Tsv => Self::TSV,
            FormatName::Parquet => Self::Parquet,
        }
    }
}

impl Reading {
    fn chosen(&self) -> Option<Format> {
        match self.jsonl {
            true => Some(Format::JsonLines),
            false => self.format.map(Format::from),
        }
    }

    /// The file at `path` (`-` is stdin), whose text is in one of `fields` unless another is chosen.
    ///
    /// # Errors
    /// A field is chosen, and the file has none.
    pub fn file(&self, path: &Path, fields: &[&str]) -> Result<TextFile, Failure> {
        let format = self.chosen().unwrap_or_else(|| Format::of(path));
        if format == Format::Lines
            && let Some(field) = &self.field
        {
            return Err(Failure::usage(format!(
                "`--field {field}`: {} is read as lines of text, which have no fields",
                path.display()
            ))
            .with_help("--format jsonl|json|csv|tsv|parquet says how it is divided"));
        }
        Ok(TextFile {
            path: path.to_owned(),
            format,
            fields: match &self.field {
                Some(field) => vec![field.clone()],
                None => fields.iter().map(|field| (*field).to_owned()).collect(),
            },
        })
    }

    /// Refuses what was chosen where no file is read.
    ///
    /// # Errors
    /// Something was chosen.
    pub fn check_unused(&self, instead: &str) -> Result<(), Failure> {
        let name = match self {
            Self { field: Some(_), .. } => "--field",
            Self { jsonl: true, .. } => "--jsonl",
            Self {
                format: Some(_), ..
            } => "--format",
            _ => return Ok(()),
        };
        Err(Failure::usage(format!(
            "`{name}` says how files are read, and {instead}"
        )))
    }

    /// Says so where the lines of a file, of which nothing says how it is divided, are JSON.
    pub fn suspect(&self, file: &TextFile, line: u64, text: &str) {
        if line == 1
            && self.chosen().is_none()
            && file.format == Format::Lines
            && text.starts_with('{')
            && serde_json::from_str::<serde_json::Value>(text).is_ok()
        {
            note(format!(
                "note: {} is read as lines of text, and the first is a JSON object; --format jsonl \
                 reads the texts in such objects",
                file.path.display()
            ));
        }
    }
}

/// A text and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its file; none for a text of the command line.
    pub file: Option<PathBuf>,
    /// Counted from 1.
    pub number: u64,
    /// The text, without its line break.
    pub text: String,
}

impl Line {
    /// The texts of the command line, in their order.
    pub fn given(texts: &[String]) -> Vec<Self> {
        let line = |(number, text): (u64, &String)| Self {
            file: None,
            number,
            text: text.clone(),
        };
        (1..).zip(texts).map(line).collect()
    }
}

/// All texts of a file but the empty ones; `-` is stdin.
///
/// # Errors
/// The file cannot be read, has no text, or a row of it is bad: then nothing of it is used.
pub fn read(path: &Path, reading: &Reading, fields: &[&str]) -> Result<Vec<Line>, Failure> {
    let file = reading.file(path, fields)?;
    let mut lines = Vec::new();
    collect(&file, reading, &mut lines)?.check()?;
    lines.retain(|line| !line.text.trim().is_empty());
    match lines.is_empty() {
        true => Err(DataError::Empty(path.to_owned()).into()),
        false => Ok(lines),
    }
}

/// What is wrong with several files is told together, and what can be read of them is given.
///
/// # Errors
/// The options do not fit the files.
pub fn gather(
    files: &[PathBuf],
    reading: &Reading,
    fields: &[&str],
) -> Result<(Vec<Line>, Problems), Failure> {
    let mut lines = Vec::new();
    let mut problems = Problems::default();
    let files: Vec<TextFile> = files
        .iter()
        .map(|path| reading.file(path, fields))
        .collect::<Result<_, _>>()?;
    for file in &files {
        let before = lines.len();
        let found = collect(file, reading, &mut lines).and_then(BadRows::check);
        if problems.keep(found).is_some() && lines.len() == before {
            problems.keep::<()>(Err(DataError::Empty(file.path.clone())));
        }
    }
    Ok((lines, problems))
}

fn collect(
    file: &TextFile,
    reading: &Reading,
    lines: &mut Vec<Line>,
) -> Result<BadRows, DataError> {
    file.stream(&Cell::new(0), &mut |number, text| {
        reading.suspect(file, number, text);
        lines.push(Line {
            file: Some(file.path.clone()),
            number,
            text: text.to_owned(),
        });
        Ok(())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written(name: &str, content: &[u8], reading: &Reading) -> Result<Vec<Line>, Failure> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        read(&path, reading, &["prompt", "Prompt", "prompt.text"])
    }

    fn found(lines: &[Line]) -> Vec<(u64, &str)> {
        lines.iter().map(|l| (l.number, l.text.as_str())).collect()
    }

    fn of(format: FormatName) -> Reading {
        Reading {
            format: Some(format),
            ..Reading::default()
        }
    }

    #[test]
    fn lines_keep_their_numbers_and_their_spaces() {
        let text = "\u{feff}one\r\n\n  {three} \nأربعة";
        let lines = written("a.txt", text.as_bytes(), &Reading::default()).unwrap();
        assert_eq!(found(&lines), [(1, "one"), (3, "  {three} "), (4, "أربعة")]);
    }

    #[test]
    fn objects_are_asked_for_either_field() {
        let text = "{\"prompt\": \"a\\nb\"}\n\n{\"Prompt\": \"c\", \"x\": 1}\n{\"prompt\": {\"text\": \"d\"}}";
        for (name, reading) in [
            ("a.JSONL", Reading::default()),
            ("a.txt", of(FormatName::Jsonl)),
        ] {
            let lines = written(name, text.as_bytes(), &reading).unwrap();
            assert_eq!(found(&lines), [(1, "a\nb"), (3, "c"), (4, "d")]);
        }
        let broken = "{\"text\": \"a\"}\n{\"prompt\": [3]}\nplain\n{\"prompt\": \"fine\"}\n";
        let failure = written("a.jsonl", broken.as_bytes(), &Reading::default()).unwrap_err();
        let said = format!("{failure:?}");
        for place in ["a.jsonl:1: ", "a.jsonl:2: ", "a.jsonl:3:1: "] {
            assert!(said.contains(place), "{said}");
        }
    }

    #[test]
    fn tables_are_read_by_their_columns_and_nothing_else() {
        let table = "id,prompt,body\n1,a,x\n2,\"b, c\",y\n";
        for (name, reading) in [
            ("A.CSV", Reading::default()),
            ("a.txt", of(FormatName::Csv)),
        ] {
            let lines = written(name, table.as_bytes(), &reading).unwrap();
            assert_eq!(found(&lines), [(2, "a"), (3, "b, c")]);
        }
        let mut reading = Reading {
            field: Some("body".to_owned()),
            ..Reading::default()
        };
        let lines = written("a.csv", table.as_bytes(), &reading).unwrap();
        assert_eq!(found(&lines), [(2, "x"), (3, "y")]);
        let failure = written("a.txt", table.as_bytes(), &reading).unwrap_err();
        assert!(
            format!("{failure:?}").contains("which have no fields"),
            "{failure:?}"
        );
        assert!(reading.check_unused("there is none").is_err());
        reading.field = None;
        assert!(reading.check_unused("there is none").is_ok());
        assert!(written("fake.parquet", b"one\ntwo\n", &reading).is_err());
    }

    #[test]
    fn nothing_and_bad_bytes_are_errors() {
        let lines = Reading::default();
        assert!(written("a.txt", b"\n \n", &lines).is_err());
        let failure = written("a.txt", b"fine\n\xff\xfe\n", &lines).unwrap_err();
        assert!(
            format!("{failure:?}").contains("a.txt:2:1: not UTF-8"),
            "{failure:?}"
        );
        assert!(written("a.txt", b"\xff\xfea\0", &lines).is_err());
        assert!(read(Path::new("no-such-file"), &lines, &["prompt"]).is_err());
    }
}
