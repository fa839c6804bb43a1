//! `backend data check`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::data::{
    DataError, DataSet, Format, Kind, Label, LabelledFile, PairReport, TextColumn, check_pairs,
    multiparadetox, pulled,
};

/// Arguments of `data check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows that cannot be read end the check with status 1, all of them listed with file and line. What is
only remarkable (duplicates, identical pairs, wrong scripts, control and bidi characters, overlap of
train and test) is listed and is no failure.

A table of your own (.csv, .tsv, .jsonl, .json, .parquet, or one text a line) is checked with --file:
  backend data check --file posts.parquet --languages de --text comment --label class --toxic 1,2")]
pub struct Arguments {
    /// Name of a data set
    #[arg(value_name = "NAME", default_value = "multiparadetox")]
    name: String,
    /// A table of labelled texts instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "name"], requires = "languages")]
    file: Option<PathBuf>,
    /// Its column of texts
    #[arg(long, value_name = "COLUMN", default_value = "text", requires = "file")]
    text: String,
    /// Its column of labels [default: every text is clean]
    #[arg(long, value_name = "COLUMN", requires = "file")]
    label: Option<String>,
    /// Labels that mean toxic; without --clean all others mean clean
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "label")]
    toxic: Vec<String>,
    /// Labels that mean clean; without --toxic all others mean toxic, with both another is a bad row
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "label")]
    clean: Vec<String>,
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
    if let Some(file) = &arguments.file {
        return own(arguments, file);
    }
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
        report.files.push(counted(file)?);
    }
    let title = format!(
        "{}: {}, licence {}",
        data_set.name, data_set.source, data_set.licence
    );
    show(arguments.json, Some(&title), &report)
}

/// A file of the user's.
fn own(arguments: &Arguments, file: &Path) -> Result<(), Failure> {
    let [language] = arguments.languages.as_slice() else {
        return Err(Failure::usage(
            "`--languages` names the one language of the file",
        ));
    };
    let label = match &arguments.label {
        None => Label::Clean,
        Some(_) if arguments.toxic.is_empty() && arguments.clean.is_empty() => {
            return Err(Failure::usage("`--label` needs --toxic or --clean"));
        }
        Some(name) => Label::Column {
            name: name.clone(),
            toxic: arguments.toxic.clone(),
            clean: arguments.clean.clone(),
        },
    };
    let counted = counted(LabelledFile {
        format: Format::of(file),
        path: file.to_owned(),
        columns: vec![TextColumn {
            name: arguments.text.clone(),
            label,
            optional: false,
        }],
        language: *language,
        entities: false,
    })?;
    if counted.toxic + counted.clean == 0 {
        return Err(DataError::Empty(counted.file).into());
    }
    let report = Report {
        files: vec![counted],
        ..Report::default()
    };
    show(arguments.json, None, &report)
}

fn counted(file: LabelledFile) -> Result<FileReport, DataError> {
    let (mut toxic, mut clean) = (0, 0);
    file.stream(&mut |text| match text.toxic {
        true => toxic += 1,
        false => clean += 1,
    })?;
    Ok(FileReport {
        file: file.path,
        language: file.language,
        toxic,
        clean,
    })
}

fn show(json: bool, title: Option<&str>, report: &Report) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(report).map_err(Failure::new)?
        )?;
        return Ok(());
    }
    if let Some(title) = title {
        writeln!(out, "{title}")?;
    }
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
