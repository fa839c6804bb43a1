//! How a file is divided into rows: by its first bytes, by its ending, or as the user says.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::parquet;

/// How a file is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One text a line.
    Lines,
    /// Values with a delimiter between them.
    Delimited {
        /// `,` or a tab.
        delimiter: u8,
        /// Whether `"` encloses values, which may then have line breaks in them.
        quotes: bool,
        /// Whether the first row names the columns; else they are called `1`, `2`, ….
        header: bool,
    },
    /// One JSON object a line.
    JsonLines,
    /// A JSON array of objects.
    JsonArray,
    /// Parquet, by its columns' names.
    Parquet,
}

impl Format {
    /// Values with commas between them, quotes, and a header.
    pub const CSV: Self = Self::Delimited {
        delimiter: b',',
        quotes: true,
        header: true,
    };
    /// Values with tabs between them, quotes, and a header.
    pub const TSV: Self = Self::Delimited {
        delimiter: b'\t',
        quotes: true,
        header: true,
    };

    /// That of a file: parquet is known by its first bytes, everything else by the ending, in
    /// capitals or not. A file that cannot be read is found out when it is read.
    pub fn of(path: &Path) -> Self {
        if is_parquet(path) {
            return Self::Parquet;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
            "csv" => Self::CSV,
            "tsv" => Self::TSV,
            "jsonl" | "ndjson" => Self::JsonLines,
            "json" => Self::JsonArray,
            "parquet" => Self::Parquet,
            _ => Self::Lines,
        }
    }

    /// Whether each row names its own values; else all have those of the file's head.
    pub fn names_each_row(self) -> bool {
        matches!(self, Self::JsonLines | Self::JsonArray)
    }
}

/// Only of a regular file: what is taken from a pipe does not come again.
fn is_parquet(path: &Path) -> bool {
    let mut start = [0; parquet::MAGIC.len()];
    path.is_file()
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start == *parquet::MAGIC
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn endings_count_in_capitals_too_and_parquet_by_its_bytes() {
        for (name, format) in [
            ("a.csv", Format::CSV),
            ("A.CSV", Format::CSV),
            ("a.Tsv", Format::TSV),
            ("a.JSONL", Format::JsonLines),
            ("a.ndjson", Format::JsonLines),
            ("a.Json", Format::JsonArray),
            ("a.PARQUET", Format::Parquet),
            ("a.txt", Format::Lines),
            ("-", Format::Lines),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.csv");
        std::fs::write(&path, "PAR1 and more").unwrap();
        assert_eq!(Format::of(&path), Format::Parquet);
        std::fs::write(&path, "PAR").unwrap();
        assert_eq!(Format::of(&path), Format::CSV);
    }
}
