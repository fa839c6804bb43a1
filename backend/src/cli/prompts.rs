//! Reads texts from the command line, files and stdin.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::Failure;

/// A text with the line it stood on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// The text, without its line break.
    pub text: String,
}

/// Reads one text a line; empty lines are passed over. Files named `.jsonl` or `.ndjson`, and any
/// file with `jsonl`, have a JSON object a line with one of `fields`. `-` is stdin.
///
/// # Errors
/// The file cannot be read, a line is not UTF-8, not JSON, or lacks the field.
pub fn read(path: &Path, jsonl: bool, fields: &[&str]) -> Result<Vec<Line>, Failure> {
    let name = path.display().to_string();
    let about = |error: std::io::Error| Failure::new(format!("{name}: {error}"));
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(about)?)
    };
    let extension = path.extension().and_then(|extension| extension.to_str());
    let jsonl = jsonl || matches!(extension, Some("jsonl" | "ndjson"));
    let mut lines = Vec::new();
    for (index, line) in BufReader::new(reader).lines().enumerate() {
        let number = index + 1;
        let line = line.map_err(|error| Failure::new(format!("{name}: line {number}: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let text = if jsonl {
            field(&line, fields)
                .map_err(|reason| Failure::new(format!("{name}: line {number}: {reason}")))?
        } else {
            line
        };
        lines.push(Line { number, text });
    }
    if lines.is_empty() {
        return Err(Failure::new(format!("{name}: there is no text in it")));
    }
    Ok(lines)
}

/// The named text of a JSON object, either a string or an object with `text` (the layout of
/// RealToxicityPrompts).
fn field(line: &str, fields: &[&str]) -> Result<String, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let found = fields.iter().find_map(|field| value.get(field));
    let text = found.and_then(|found| found.as_str().or_else(|| found.get("text")?.as_str()));
    text.map(str::to_owned)
        .ok_or_else(|| format!("has no text `{}`", fields.join("` or `")))
}

/// Texts given as arguments, or read from files.
///
/// # Errors
/// As [`read`].
pub fn gather(
    texts: &[String],
    files: &[PathBuf],
    jsonl: bool,
    fields: &[&str],
) -> Result<Vec<Line>, Failure> {
    let mut lines: Vec<Line> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| Line {
            number: index + 1,
            text: text.clone(),
        })
        .collect();
    for file in files {
        lines.extend(read(file, jsonl, fields)?);
    }
    Ok(lines)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written(name: &str, content: &[u8]) -> Result<Vec<Line>, Failure> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        read(&path, false, &["prompt", "Prompt"])
    }

    #[test]
    fn lines_keep_their_numbers_and_their_spaces() {
        let lines = written("a.txt", "one\r\n\n  {three} \nأربعة".as_bytes()).unwrap();
        let found: Vec<(usize, &str)> = lines.iter().map(|l| (l.number, l.text.as_str())).collect();
        assert_eq!(found, [(1, "one"), (3, "  {three} "), (4, "أربعة")]);
    }

    #[test]
    fn objects_are_asked_for_either_field() {
        let text = "{\"prompt\": \"a\\nb\"}\n\n{\"Prompt\": \"c\", \"x\": 1}\n{\"prompt\": {\"text\": \"d\"}}";
        let lines = written("a.jsonl", text.as_bytes()).unwrap();
        let found: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(found, ["a\nb", "c", "d"]);
        for broken in ["{\"text\": \"a\"}", "{\"prompt\": 3}", "plain"] {
            let failure = written("a.jsonl", broken.as_bytes()).unwrap_err();
            assert!(format!("{failure:?}").contains("line 1"), "{failure:?}");
        }
    }

    #[test]
    fn nothing_and_bad_bytes_are_errors() {
        assert!(written("a.txt", b"\n \n").is_err());
        assert!(written("a.txt", b"fine\n\xff\xfe\n").is_err());
        assert!(read(Path::new("no-such-file"), false, &["prompt"]).is_err());
    }
}
