//! `backend score toxicity`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use rayon::prelude::*;
use scoring::flags::Flags;
use scoring::scorer::{Reason, Scorer};
use serde::Serialize;

use crate::cli::generate::progress;
use crate::cli::{Context, Failure};
use crate::data::{BadRows, DataError, Format, Row, from_reader};
use crate::scoring::open_in;

/// Texts that are scored at a time: enough for every core, little enough for the memory.
const BATCH: usize = 4_096;

/// Arguments of `score toxicity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each text is one line of output, in the order of the input. Without --json: score, language, flags,
text. A text that is in another of the seven languages is scored in that one; --as-given scores it
in the one given. An empty text has no score.")]
pub struct Arguments {
    /// Files with one text a line, or .jsonl, .csv and .tsv files; `-` or nothing is stdin
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
    /// Field or column with the text
    #[arg(long, value_name = "NAME", default_value = "text")]
    field: String,
    /// Score in the given language, whatever the text is in
    #[arg(long)]
    as_given: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
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
    let scorer = open_in(
        &context.data_dir,
        &arguments.scorer,
        arguments.scorer_file.as_deref(),
    )
    .map_err(Failure::usage)?;
    scorer
        .ready()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let mut writer = Writer {
        arguments,
        scorer: scorer.as_ref(),
        out: BufWriter::new(std::io::stdout().lock()),
        batch: Vec::new(),
        failure: None,
        bar: progress(0, "texts"),
    };
    for (line, text) in (1..).zip(&arguments.text) {
        writer.push(line, text.clone())?;
    }
    let stdin = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() && arguments.text.is_empty() {
        &stdin[..]
    } else {
        &arguments.files
    };
    let mut problems = BadRows::default();
    for file in files {
        problems.extend(writer.file(file)?);
    }
    writer.flush()?;
    writer.bar.finish_and_clear();
    Ok(problems.check()?)
}

struct Writer<'a, W: Write> {
    arguments: &'a Arguments,
    scorer: &'a dyn Scorer,
    out: W,
    batch: Vec<(u64, String)>,
    failure: Option<Failure>,
    bar: indicatif::ProgressBar,
}

impl<W: Write> Writer<'_, W> {
    /// The lines that could not be read.
    fn file(&mut self, path: &Path) -> Result<BadRows, Failure> {
        let field = self.arguments.field.clone();
        let format = Format::of(path);
        let mut each = |row: Row| {
            if self.failure.is_some() {
                return Ok(());
            }
            let name = if format == Format::Lines {
                "text"
            } else {
                &field
            };
            let text = row.get(name).ok_or_else(|| DataError::UnknownColumn {
                file: path.to_owned(),
                column: name.to_owned(),
                columns: row.values.iter().map(|(name, _)| name.clone()).collect(),
            })?;
            if let Err(failure) = self.push(row.line, text.to_owned()) {
                self.failure = Some(failure);
            }
            Ok(())
        };
        let problems = if path == Path::new("-") {
            from_reader(path, std::io::stdin().lock(), format, &mut each)?
        } else {
            crate::data::read(path, format, &mut each)?
        };
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(problems),
        }
    }

    fn push(&mut self, line: u64, text: String) -> Result<(), Failure> {
        self.batch.push((line, text));
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
            .map(|(line, text)| show(arguments, scorer, *line, text))
            .collect::<Result<_, _>>()?;
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()?;
        self.bar.inc(batch.len() as u64);
        Ok(())
    }
}

/// The line of output for a text.
fn show(
    arguments: &Arguments,
    scorer: &dyn Scorer,
    number: u64,
    text: &str,
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
        let scored = scorer.score(text, language);
        Some(scored.map_err(|error| Failure::new(format!("line {number}: {error}")))?)
    };
    let score = scored.as_ref().map(|scored| scored.probability);
    if arguments.json {
        let identity = scorer.identity();
        return serde_json::to_string(&Output {
            line: number,
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
    Ok(format!("{score}\t{language}\t{}\t{text}", raised.join(",")))
}
