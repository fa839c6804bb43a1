//! `backend scorer eval`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use protocol::language::Language;
use scoring::completions::completions;
use scoring::sample;
use scoring::scorer::Scorer;

use crate::cli::{Context, Failure};
use crate::data::{DATA_SETS, DataSet, Kind, LanguagePairs, Pair, locate, multiparadetox};
use crate::scoring::{
    CleanSource, evaluate, open_in, reliability_svg, sentences_per_second, table,
};

/// Arguments of `scorer eval`.
#[derive(Debug, Args)]
#[command(after_help = "\
AUC, average precision, recall, false-positive rate and calibration error (ECE, ten bins) are those
of the single sentences of the test pairs; pair accuracy is how often a toxic sentence scores above
its own neutral twin. Other data sets beside the pairs are measured too, and marked where the scorer
was trained on them. Intervals are from 1,000 seeded resamples of pairs. The table ends
with the speed on this machine; the JSON, which a second run repeats, does not have it.")]
pub struct Arguments {
    /// Directory of pairs in the multiparadetox layout, or `multiparadetox` if it was pulled
    /// [default: the embedded sample]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A directory with clean text, a file per language: ar.txt, de.txt, …
    #[arg(long, value_name = "DIR")]
    clean: Vec<PathBuf>,
    /// Scorer: ngram, lexicon, probe, perspective-file
    #[arg(long, value_name = "NAME", default_value = "ngram")]
    scorer: String,
    /// The scorer's model, directory of word lists, or saved results
    #[arg(long, value_name = "PATH")]
    scorer_file: Option<PathBuf>,
    /// Languages [default: all of the scorer's]
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    languages: Vec<Language>,
    /// Only the pairs, not the data sets beside them
    #[arg(long)]
    pairs_only: bool,
    /// Seed of the intervals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the reliability plot
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Leave the texts of the worst mistakes out of the JSON: for files that are passed on
    #[arg(long)]
    no_texts: bool,
}

/// Runs `scorer eval`.
pub fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let scorer = open_in(
        &context.data_dir,
        &arguments.scorer,
        arguments.scorer_file.as_deref(),
    )
    .map_err(Failure::usage)?;
    let languages = match arguments.languages.as_slice() {
        [] => scorer.identity().languages.clone(),
        chosen => chosen.to_vec(),
    };
    let directory = match &arguments.data {
        Some(given) => Some(locate(&context.data_dir, given)?),
        None => None,
    };
    let (data, pairs) = match &directory {
        Some(directory) => (
            format!("{}, test part", name(directory)),
            multiparadetox::load(directory, &languages)?,
        ),
        None => (
            sample::LABEL.to_owned(),
            multiparadetox::embedded(&languages),
        ),
    };
    let sample_pairs: Vec<Vec<Pair>> = pairs.iter().map(|pairs| tested(arguments, pairs)).collect();
    let test: Vec<(Language, &[Pair])> = languages
        .iter()
        .copied()
        .zip(sample_pairs.iter().map(Vec::as_slice))
        .collect();
    let mut sources = vec![embedded(&languages)];
    for directory in &arguments.clean {
        sources.push(clean_text(directory, &languages)?);
    }
    let root = directory
        .as_deref()
        .and_then(Path::parent)
        .filter(|_| !arguments.pairs_only);
    if let Some(root) = root {
        sources.extend(beside(root, scorer.as_ref(), &languages)?);
    }
    let mut evaluation = evaluate(
        scorer.as_ref(),
        &data,
        &test,
        &sources,
        &completions().map_err(Failure::new)?,
        arguments.seed,
    )
    .map_err(Failure::new)?;
    if arguments.no_texts {
        for language in &mut evaluation.languages {
            language.mistakes.clear();
        }
    }
    if let Some(path) = &arguments.svg {
        super::train::write(path, reliability_svg(&evaluation).as_bytes())?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string_pretty(&evaluation).map_err(Failure::new)?;
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", table(&evaluation))?;
        if let Some(speed) = sentences_per_second(scorer.as_ref(), &test).map_err(Failure::new)? {
            writeln!(out, "\nspeed: {speed:.0} sentences a second on one thread")?;
        }
    }
    Ok(())
}

/// The test part; of the sample, on which nothing is trained, everything.
fn tested(arguments: &Arguments, pairs: &LanguagePairs) -> Vec<Pair> {
    let mut tested = pairs.test.clone();
    if arguments.data.is_none() {
        tested.splice(0..0, pairs.train.iter().cloned());
    }
    tested
}

/// The name alone, as results are passed on to other machines.
fn name(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn embedded(languages: &[Language]) -> CleanSource {
    let texts = languages.iter().map(|language| {
        let clean = sample::clean(*language)
            .iter()
            .map(|text| (text.clone(), false));
        let pairs = sample::pairs(*language)
            .iter()
            .flat_map(|pair| [(pair.toxic.clone(), true), (pair.neutral.clone(), false)]);
        (*language, clean.chain(pairs).collect())
    });
    CleanSource {
        name: "embedded sample".to_owned(),
        trained_on: false,
        texts: texts.collect(),
    }
}

fn clean_text(directory: &Path, languages: &[Language]) -> Result<CleanSource, Failure> {
    let mut texts: BTreeMap<Language, Vec<(String, bool)>> = BTreeMap::new();
    for language in languages {
        let file = directory.join(format!("{language}.txt"));
        if !file.exists() {
            continue;
        }
        let target = texts.entry(*language).or_default();
        let problems = crate::data::read(&file, crate::data::Format::Lines, &mut |row| {
            let text = row.get("text").unwrap_or_default();
            if !text.trim().is_empty() {
                target.push((text.to_owned(), false));
            }
            Ok(())
        })?;
        problems.check()?;
    }
    if texts.is_empty() {
        return Err(Failure::usage(format!(
            "{}: no ar.txt, de.txt, … in it",
            directory.display()
        )));
    }
    Ok(CleanSource {
        name: name(directory),
        trained_on: false,
        texts,
    })
}

/// The known data sets that lie beside the pairs.
fn beside(
    root: &Path,
    scorer: &dyn Scorer,
    languages: &[Language],
) -> Result<Vec<CleanSource>, Failure> {
    let mut sources = Vec::new();
    for data_set in DATA_SETS.iter().filter(|data_set| wanted(data_set)) {
        let Some(directory) = data_set.locate(root) else {
            continue;
        };
        let mut texts: BTreeMap<Language, Vec<(String, bool)>> = BTreeMap::new();
        for file in data_set.labelled_files(&directory) {
            if languages.contains(&file.language) {
                let loaded = file.load()?;
                texts
                    .entry(file.language)
                    .or_default()
                    .extend(loaded.into_iter().map(|text| (text.text, text.toxic)));
            }
        }
        sources.push(CleanSource {
            name: data_set.name.to_owned(),
            trained_on: scorer.trained_on(data_set.name),
            texts,
        });
    }
    Ok(sources)
}

/// Single words of a lexicon are no texts.
fn wanted(data_set: &DataSet) -> bool {
    matches!(
        data_set.kind,
        Kind::Labelled | Kind::Retrieval | Kind::Prompts
    )
}
