//! `backend data check`.

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;

use super::report::{Report, SetReport};
use crate::cli::prompts::FormatName;
use crate::cli::{Context, Failure};
use crate::data::{
    DataError, DataSet, Examiner, Format, Kind, Label, LabelledFile, LanguagePairs, Problems,
    SAMPLE, TextColumn, around, check_pairs, multiparadetox, pulled,
};

/// Arguments of `data check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rows that cannot be read end the check with status 1, those of every file listed with file and line.
What is only remarkable is listed and is no failure: duplicates, identical pairs, empty rows, wrong
scripts, control and bidi characters, overlap of train and test; of labelled texts also their overlap
with the test part of multiparadetox, if that is here too.

A table of your own (.csv, .tsv, .jsonl, .json, .parquet, or one text a line) is checked with --file:
  backend data check --file posts.parquet --languages de --text comment --label class --toxic 1,2")]
pub struct Arguments {
    /// Name of a data set, or `sample`
    #[arg(value_name = "NAME", default_value = "multiparadetox")]
    name: String,
    /// A table of labelled texts instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "name"], requires = "languages")]
    file: Option<PathBuf>,
    /// How it is divided [default: by its ending]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "file")]
    format: Option<FormatName>,
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

/// Runs `data check`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    if let Some(file) = &arguments.file {
        return own(arguments, file, context);
    }
    let mut report = Report::default();
    if arguments.name == SAMPLE {
        let languages = match arguments.languages.as_slice() {
            [] => &Language::ALL[..],
            chosen => chosen,
        };
        let pairs = multiparadetox::embedded(languages);
        report.set = Some(SetReport::sample());
        report.pairs = pairs.iter().map(check_pairs).collect();
        return report.show(arguments.json);
    }
    let data_set = known(&arguments.name)?;
    let directory = located(data_set, arguments.data.as_deref(), context)?;
    let languages: Vec<Language> = match arguments.languages.as_slice() {
        [] => data_set.languages.to_vec(),
        chosen => chosen.to_vec(),
    };
    if let Some(none) = languages
        .iter()
        .find(|language| !data_set.languages.contains(language))
    {
        let name = data_set.name;
        return Err(Failure::usage(format!("`{name}` has no texts in {none}")));
    }
    report.set = Some(SetReport::of(data_set));
    let mut problems = Problems::default();
    if data_set.kind == Kind::Pairs {
        for language in &languages {
            let pairs = problems.keep(multiparadetox::load(&directory, &[*language]));
            report.pairs.extend(pairs.iter().flatten().map(check_pairs));
        }
    }
    let tests = match data_set.kind {
        Kind::Labelled => {
            let mut roots: Vec<PathBuf> = arguments.data.iter().cloned().collect();
            roots.extend(around(&directory).map(Path::to_owned));
            test_part(roots, &languages, context)
        }
        _ => Vec::new(),
    };
    let mut examiner = Examiner::new(&tests);
    for file in data_set.labelled_files(&directory) {
        if languages.contains(&file.language) {
            report.files.extend(problems.keep(examiner.file(&file)));
        }
    }
    finish(&report, problems, arguments.json)
}

/// What could be read is shown, before what could not.
fn finish(report: &Report, problems: Problems, json: bool) -> Result<(), Failure> {
    report.show(json)?;
    Ok(problems.check()?)
}

/// The pairs whose test part no other text should be in, if they are at hand and sound.
fn test_part(
    mut roots: Vec<PathBuf>,
    languages: &[Language],
    context: &Context,
) -> Vec<LanguagePairs> {
    roots.push(pulled(&context.data_dir));
    DataSet::find("multiparadetox")
        .and_then(|pairs| roots.iter().find_map(|root| pairs.locate(root)))
        .and_then(|directory| multiparadetox::load(&directory, languages).ok())
        .unwrap_or_default()
}

/// A file of the user's.
fn own(arguments: &Arguments, file: &Path, context: &Context) -> Result<(), Failure> {
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
    let format = arguments.format.map(Format::from);
    let file = LabelledFile {
        format: format.unwrap_or_else(|| Format::of(file)),
        path: file.to_owned(),
        columns: vec![TextColumn {
            name: arguments.text.clone(),
            label,
            optional: false,
        }],
        language: *language,
        entities: false,
    };
    let tests = test_part(Vec::new(), &[*language], context);
    let report = Examiner::new(&tests).file(&file)?;
    if report.toxic + report.clean == 0 {
        return Err(DataError::Empty(report.file).into());
    }
    let report = Report {
        files: vec![report],
        ..Report::default()
    };
    report.show(arguments.json)
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
