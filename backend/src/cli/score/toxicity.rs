//! `backend score toxicity`.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use protocol::language::Language;
use rayon::prelude::*;
use scoring::flags::Flags;
use scoring::scorer::{Reason, ScoreError, Scorer};
use serde::Serialize;

use crate::cli::one_line::one_line;
use crate::cli::progress::TextProgress;
use crate::cli::prompts::Reading;
use crate::cli::{Context, Failure};
use crate::data::{BadRows, DataError, Format, Problems, TextFile};
use crate::scoring::open_ready;

/// Texts that are scored at a time: enough for every core, little enough for the memory.
const BATCH: usize = 4_096;

/// Arguments of `score toxicity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each text is one line of output, in the order of the input. Without --json: score, language, flags,
text, in which line breaks, control and bidi characters are escaped. A text that is in another of
the seven languages is scored in that one; --as-given scores it in the one given. An empty text has
no score. Rows that cannot be read are listed at the end, with file and line, and the status is 1.")]
pub struct Arguments {
    /// Files with one text a line, or .jsonl, .json, .csv, .tsv and .parquet files; `-` or nothing
    /// is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A text; can be given several times
    #[arg(short, long, value_name = "TEXT")]
    text: Vec<String>,
    /// Language that the texts should be in: ar, de, en, es, hi, ru, zh
    #[arg(short, long, value_name = "LANGUAGE")]
    language: Language,
    /// Scorer: ngram, lexicon, probe, perspective-file
    #[arg(long, value_name = "NAME", default_value = "ngram")]
    scorer: String,
    /// The scorer's model, directory of word lists, or saved results
    #[arg(long, value_name = "PATH")]
    scorer_file: Option<PathBuf>,
    /// How files are read; the field is `text` unless named.
    #[command(flatten)]
    reading: Reading,
    /// Score in the given language, whatever the text is in
    #[arg(long)]
    as_given: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, str>>,
    line: u64,
    score: Option<f64>,
    language: Language,
    flags: Flags,
    reasons: Vec<Reason>,
    scorer: &'a str,
    hash: &'a str,
}

/// Runs `score toxicity`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let stdin = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() && arguments.text.is_empty() {
        &stdin[..]
    } else {
        &arguments.files
    };
    let reading = &arguments.reading;
    if files.is_empty() {
        reading.check_unused("only --text is given")?;
    }
    let files: Vec<TextFile> = files
        .iter()
        .map(|path| reading.file(path, &["text"]))
        .collect::<Result<_, _>>()?;
    let scorer = open_ready(
        &context.data_dir,
        &arguments.scorer,
        arguments.scorer_file.as_deref(),
    )
    .map_err(Failure::usage)?;
    let mut writer = Writer {
        arguments,
        scorer: scorer.as_ref(),
        out: BufWriter::new(std::io::stdout().lock()),
        batch: Vec::new(),
        failure: None,
        bytes: Rc::default(),
        progress: TextProgress::new(size(&files)),
    };
    for (line, text) in (1..).zip(&arguments.text) {
        writer.push((None, line, text.clone()))?;
    }
    let mut problems = Problems::default();
    for file in &files {
        writer.file(file, &mut problems)?;
    }
    writer.flush()?;
    writer.progress.finish();
    Ok(problems.check()?)
}

/// Bytes of all files, if all are read from the beginning to an end that is known.
fn size(files: &[TextFile]) -> Option<u64> {
    let size = |file: &TextFile| {
        let metadata = std::fs::metadata(&file.path).ok()?;
        (metadata.is_file() && file.format != Format::Parquet).then_some(metadata.len())
    };
    files.iter().map(size).sum()
}

/// A text with its file and line.
type Entry<'a> = (Option<&'a Path>, u64, String);

struct Writer<'a, W: Write> {
    arguments: &'a Arguments,
    scorer: &'a dyn Scorer,
    out: W,
    batch: Vec<Entry<'a>>,
    failure: Option<Failure>,
    bytes: Rc<Cell<u64>>,
    progress: TextProgress,
}

impl<'a, W: Write> Writer<'a, W> {
    /// Scores what can be read; what cannot comes to the `problems`, and other files go on.
    fn file(&mut self, file: &'a TextFile, problems: &mut Problems) -> Result<(), Failure> {
        let bytes = Rc::clone(&self.bytes);
        let found = file.stream(&bytes, &mut |line, text| {
            self.arguments.reading.suspect(file, line, text);
            let pushed = self.push((Some(&file.path), line, text.to_owned()));
            pushed.map_err(|failure| {
                self.failure = Some(failure);
                // Ends the reading; the failure is what is told.
                DataError::Source(String::new())
            })
        });
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        problems.keep(found.and_then(BadRows::check));
        Ok(())
    }

    fn push(&mut self, entry: Entry<'a>) -> Result<(), Failure> {
        self.batch.push(entry);
        if self.batch.len() == BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        let (arguments, scorer) = (self.arguments, self.scorer);
        let lines: Vec<String> = batch
            .par_iter()
            .map(|entry| show(arguments, scorer, entry))
            .collect::<Result<_, _>>()?;
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()?;
        self.progress.advance(batch.len() as u64, self.bytes.get());
        Ok(())
    }
}

/// The line of output for a text.
fn show(
    arguments: &Arguments,
    scorer: &dyn Scorer,
    (file, number, text): &Entry<'_>,
) -> Result<String, Failure> {
    let expected = arguments.language;
    let flags = Flags::of(text, expected);
    let language = if arguments.as_given {
        expected
    } else {
        flags.scoring_language(expected)
    };
    let scored = if flags.empty {
        None
    } else {
        let failed = |error: ScoreError| match file {
            Some(file) => Failure::new(format!("{}:{number}: {error}", file.display())),
            None => Failure::new(format!("text {number}: {error}")),
        };
        Some(scorer.score(text, language).map_err(failed)?)
    };
    let score = scored.as_ref().map(|scored| scored.probability);
    if arguments.json {
        let identity = scorer.identity();
        return serde_json::to_string(&Output {
            file: file.map(Path::to_string_lossy),
            line: *number,
            score,
            language,
            flags,
            reasons: scored.map(|scored| scored.reasons).unwrap_or_default(),
            scorer: &identity.name,
            hash: &identity.hash,
        })
        .map_err(Failure::new);
    }
    let raised: Vec<&str> = [
        ("empty", flags.empty),
        ("refusal", flags.refusal),
        ("drift", flags.drift),
        ("repetition", flags.repetition),
    ]
    .into_iter()
    .filter_map(|(name, raised)| raised.then_some(name))
    .collect();
    let score = score.map_or_else(|| "-".to_owned(), |score| format!("{score:.4}"));
    Ok(format!(
        "{score}\t{language}\t{}\t{}",
        raised.join(","),
        one_line(text)
    ))
}
