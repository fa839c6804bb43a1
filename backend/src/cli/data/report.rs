//! What `data check` found, for people and for programs.

use std::io::Write;

use scoring::sample;
use serde::Serialize;

use crate::cli::Failure;
use crate::data::{DataSet, PairReport, SAMPLE, SAMPLE_LICENCE, SAMPLE_SOURCE, TextReport};

/// Which set was looked at.
#[derive(Debug, Serialize)]
pub struct SetReport {
    name: &'static str,
    licence: &'static str,
    source: &'static str,
    /// What it must not be used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

impl SetReport {
    /// A data set of the catalogue.
    pub fn of(set: &DataSet) -> Self {
        Self {
            name: set.name,
            licence: set.licence,
            source: set.source,
            label: None,
        }
    }

    /// The sample that comes with the program.
    pub fn sample() -> Self {
        Self {
            name: SAMPLE,
            licence: SAMPLE_LICENCE,
            source: SAMPLE_SOURCE,
            label: Some(sample::LABEL),
        }
    }
}

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The set; none for a file of the user's.
    #[serde(flatten)]
    pub set: Option<SetReport>,
    /// Of sets of pairs, by language.
    pub pairs: Vec<PairReport>,
    /// Of all others, by file.
    pub files: Vec<TextReport>,
}

impl Report {
    /// Writes it to stdout.
    ///
    /// # Errors
    /// The output's.
    pub fn show(&self, json: bool) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        if json {
            let text = serde_json::to_string_pretty(self).map_err(Failure::new)?;
            writeln!(out, "{text}")?;
            return Ok(());
        }
        if let Some(set) = &self.set {
            write!(out, "{}: {}, licence {}", set.name, set.source, set.licence)?;
            match set.label {
                Some(label) => writeln!(out, "; {label}")?,
                None => writeln!(out)?,
            }
        }
        for pairs in &self.pairs {
            let count = pairs.findings.len();
            writeln!(
                out,
                "{}: {} train and {} test pairs, {count} findings",
                pairs.language, pairs.train, pairs.test
            )?;
            for finding in &pairs.findings {
                writeln!(
                    out,
                    "  {}: {} ({})",
                    finding.place(true),
                    finding.kind,
                    finding.detail
                )?;
            }
        }
        for file in &self.files {
            file_of_texts(&mut out, file)?;
        }
        Ok(())
    }
}

fn file_of_texts(out: &mut impl Write, file: &TextReport) -> Result<(), Failure> {
    write!(
        out,
        "{}: {}: {} toxic, {} clean",
        file.language,
        file.file.display(),
        file.toxic,
        file.clean
    )?;
    let counts: Vec<String> = file
        .counts
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    match counts.is_empty() {
        true => writeln!(out)?,
        false => {
            let findings = match file.count() {
                1 => "1 finding".to_owned(),
                count => format!("{count} findings"),
            };
            writeln!(out, "; {findings}: {}", counts.join(", "))?;
        }
    }
    for finding in &file.findings {
        writeln!(
            out,
            "  {}:{}: {} ({})",
            finding.file.display(),
            finding.line,
            finding.kind,
            finding.detail
        )?;
    }
    let more = file.count() - file.findings.len();
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}
