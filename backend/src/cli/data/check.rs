//! `backend data check`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::data::{DataError, DataSet, Kind, PairReport, check_pairs, multiparadetox, pulled};

/// Arguments of `data check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows that cannot be read end the check with status 1, all of them listed with file and line. What is
only remarkable (duplicates, identical pairs, wrong scripts, control and bidi characters, overlap of
train and test) is listed and is no failure.")]
pub struct Arguments {
    /// Name of a data set
    #[arg(value_name = "NAME", default_value = "multiparadetox")]
    name: String,
    /// Directory of the data sets, or of this one [default: where `data pull` puts them]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Languages [default: all of the data set]
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    languages: Vec<Language>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: PathBuf,
    language: Language,
    toxic: usize,
    clean: usize,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    pairs: Vec<PairReport>,
    files: Vec<FileReport>,
}

/// Runs `data check`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let data_set = known(&arguments.name)?;
    let directory = located(data_set, arguments.data.as_deref(), context)?;
    let languages: Vec<Language> = match arguments.languages.as_slice() {
        [] => data_set.languages.to_vec(),
        chosen => chosen.to_vec(),
    };
    let mut report = Report::default();
    if data_set.kind == Kind::Pairs {
        let pairs = multiparadetox::load(&directory, &languages)?;
        report.pairs = pairs.iter().map(check_pairs).collect();
    }
    for file in data_set.labelled_files(&directory) {
        if !languages.contains(&file.language) {
            continue;
        }
        let (mut toxic, mut clean) = (0, 0);
        file.stream(&mut |text| match text.toxic {
            true => toxic += 1,
            false => clean += 1,
        })?;
        report.files.push(FileReport {
            file: file.path,
            language: file.language,
            toxic,
            clean,
        });
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&report).map_err(Failure::new)?
        )?;
        return Ok(());
    }
    writeln!(
        out,
        "{}: {}, licence {}",
        data_set.name, data_set.source, data_set.licence
    )?;
    for pairs in &report.pairs {
        let count = pairs.findings.len();
        writeln!(
            out,
            "{}: {} train and {} test pairs, {count} findings",
            pairs.language, pairs.train, pairs.test
        )?;
        for finding in &pairs.findings {
            writeln!(
                out,
                "  {} line {}: {} ({})",
                finding.split, finding.line, finding.kind, finding.detail
            )?;
        }
    }
    for file in &report.files {
        writeln!(
            out,
            "{}: {}: {} toxic, {} clean",
            file.language,
            file.file.display(),
            file.toxic,
            file.clean
        )?;
    }
    Ok(())
}

/// The data set of this name.
pub(super) fn known(name: &str) -> Result<&'static DataSet, Failure> {
    DataSet::find(name).ok_or_else(|| {
        Failure::usage(format!("there is no data set `{name}`"))
            .with_help("`backend data list` shows them")
    })
}

/// Where it lies: under `root`, or where it was pulled to.
pub(super) fn located(
    data_set: &DataSet,
    root: Option<&Path>,
    context: &Context,
) -> Result<PathBuf, Failure> {
    let Some(root) = root else {
        let pulled = data_set.locate(&pulled(&context.data_dir));
        return pulled.ok_or_else(|| {
            Failure::from(DataError::NotPulled(data_set.name))
                .with_help("or name its place with --data DIR")
        });
    };
    data_set.locate(root).ok_or_else(|| {
        Failure::new(format!(
            "{}: there is no `{}` here",
            root.display(),
            data_set.directory
        ))
        .with_help(format!(
            "it comes from {}; `backend data pull {}` fetches it",
            data_set.source, data_set.name
        ))
    })
}
