//! The training set of the `ngram` scorer, put together from data on disk: the same files give the
//! same model, bit for bit.

use std::path::{Path, PathBuf};

use protocol::language::Language;
use rayon::prelude::*;
use scoring::ngram::{Example, Model, ModelCard, SourceCount, TrainOptions, train_language};
use scoring::written::{self, WrittenError};

use crate::data::{DATA_SETS, DataError, DataSet, Kind, NearIndex, multiparadetox};

/// Version of what is trained here: a new one whenever features, texts or weights change.
const VERSION: &str = "0.2.0";
/// How much the pairs of the evaluation's own domain count.
const PAIR_WEIGHT: f32 = 12.0;
/// How much everyday sentences count: most text is of that kind.
const EVERYDAY_WEIGHT: f32 = 3.0;
/// Clean sentences are also given as short texts of this many.
const JOINED: usize = 3;
/// How much a written sentence counts that no words are put into: those from one pattern, of which
/// there are several, count 1.
const PLAIN_WEIGHT: f32 = 4.0;
/// How many of the texts that set the scale of probabilities are everyday sentences, beside each
/// sentence of the pairs: half of what is scored elsewhere is not toxic.
const EVERYDAY_CALIBRATING: f32 = 80.0;
/// Beyond the numbers of the sources.
const WRITTEN_GROUPS: u64 = 100 << 32;
/// What the sentences written for the program are called in the list of sources.
const WRITTEN: &str = "written";

/// How much a text of a labelled set counts. Sets that are large, that label the topic rather than
/// the tone, or that are known to be noisy count less; 0 leaves a set out.
fn weight(data_set: &DataSet, language: Language) -> f32 {
    match (data_set.name, language) {
        ("paradetox_en", _) => 0.5,
        ("davidson_en", _) => 0.1,
        ("mlma", _) => 0.2,
        ("russe_detox", _) => 0.7,
        ("germeval2018", _) => 0.3,
        ("cold_zh", _) => 0.05,
        ("panlingua" | "toxirewrite_cn" | "ldnoobw", _) => 1.0,
        _ => 0.0,
    }
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A data set cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The program was built with broken patterns.
    #[error("the sentences written for training: {0}")]
    Written(#[from] WrittenError),
    /// A data set is not there.
    #[error("{}: there is no `{name}` here; training needs {needed}", root.display())]
    Missing {
        /// The directory looked in.
        root: PathBuf,
        /// The data set.
        name: &'static str,
        /// All that are needed.
        needed: String,
    },
}

/// A trained model and what was left out.
#[derive(Debug, Clone)]
pub struct Training {
    /// The model.
    pub model: Model,
    /// Texts left out because a test has them, or nearly: per language and source.
    pub excluded: Vec<(Language, &'static str, usize)>,
}

/// Trains on the data sets under `root`. `without` names sources to leave out, so that they can
/// test the result; `options` are those of every language.
///
/// # Errors
/// As [`TrainingError`] says.
pub fn train(
    root: &Path,
    languages: &[Language],
    without: &[String],
    options: &TrainOptions,
) -> Result<Training, TrainingError> {
    let sets: Vec<Collected> = languages
        .iter()
        .map(|language| collect(root, *language, without))
        .collect::<Result<_, _>>()?;
    // Each language by itself: threads change nothing in the sums.
    let models = languages
        .par_iter()
        .zip(&sets)
        .map(|(language, set)| train_language(*language, &set.examples, options).model)
        .collect();
    let mut card = ModelCard {
        version: VERSION.to_owned(),
        sources: Vec::new(),
    };
    let mut excluded = Vec::new();
    for (language, set) in languages.iter().zip(sets) {
        for source in set.sources {
            if source.excluded > 0 {
                excluded.push((*language, source.name, source.excluded));
            }
            card.sources.push(SourceCount {
                language: *language,
                source: source.name.to_owned(),
                toxic: source.toxic,
                clean: source.clean,
            });
        }
    }
    Ok(Training {
        model: Model {
            card,
            bits: TrainOptions::default().bits,
            languages: models,
        },
        excluded,
    })
}

#[derive(Debug, Default)]
struct Source {
    name: &'static str,
    toxic: usize,
    clean: usize,
    excluded: usize,
}

#[derive(Debug, Default)]
struct Collected {
    examples: Vec<Example>,
    sources: Vec<Source>,
}

fn collect(
    root: &Path,
    language: Language,
    without: &[String],
) -> Result<Collected, TrainingError> {
    let mut collected = Collected::default();
    let mut known = NearIndex::default();
    let pairs = multiparadetox::load(&located(root, "multiparadetox")?, &[language])?;
    for pairs in &pairs {
        for pair in &pairs.test {
            known.add(&pair.toxic);
            known.add(&pair.neutral);
        }
    }
    let tested = pairs
        .iter()
        .map(|pairs| 2 * pairs.test.len())
        .sum::<usize>();
    let mut source = Source {
        name: "multiparadetox",
        ..Source::default()
    };
    for (group, pair) in (0..).zip(pairs.iter().flat_map(|pairs| &pairs.train)) {
        if known
            .find(&pair.toxic)
            .is_some_and(|(number, _)| number < tested)
        {
            source.excluded += 2;
            continue;
        }
        source.toxic += 1;
        source.clean += 1;
        for (text, toxic) in [(&pair.toxic, true), (&pair.neutral, false)] {
            collected.examples.push(Example {
                text: text.clone(),
                toxic,
                weight: PAIR_WEIGHT,
                group,
                calibrates: 1.0,
            });
        }
    }
    collected.sources.push(source);
    let sources = DATA_SETS
        .iter()
        .filter(|set| set.kind != Kind::Pairs && set.languages.contains(&language))
        .filter(|set| !without.iter().any(|name| name == set.name));
    for (number, data_set) in (1..).zip(sources) {
        add(&mut collected, root, data_set, language, &known, number)?;
    }
    if !without.iter().any(|name| name == WRITTEN) {
        add_written(&mut collected, language)?;
    }
    Ok(collected)
}

/// Sentences of one pattern stay together in the cross-validation.
fn add_written(collected: &mut Collected, language: Language) -> Result<(), TrainingError> {
    let sentences = written::examples(language)?;
    let mut source = Source {
        name: WRITTEN,
        ..Source::default()
    };
    for pattern in sentences.chunk_by(|left, right| left.pattern == right.pattern) {
        for sentence in pattern {
            match sentence.toxic {
                true => source.toxic += 1,
                false => source.clean += 1,
            }
            collected.examples.push(Example {
                text: sentence.text.clone(),
                toxic: sentence.toxic,
                weight: match pattern.len() {
                    1 => PLAIN_WEIGHT,
                    _ => 1.0,
                },
                group: WRITTEN_GROUPS | sentence.pattern as u64,
                calibrates: 0.0,
            });
        }
    }
    collected.sources.push(source);
    Ok(())
}

fn add(
    collected: &mut Collected,
    root: &Path,
    data_set: &'static DataSet,
    language: Language,
    known: &NearIndex,
    number: u64,
) -> Result<(), TrainingError> {
    let clean = data_set.kind == Kind::Retrieval;
    let weight = if clean {
        EVERYDAY_WEIGHT
    } else {
        weight(data_set, language)
    };
    if weight == 0.0 {
        return Ok(());
    }
    let directory = located(root, data_set.name)?;
    let mut source = Source {
        name: data_set.name,
        ..Source::default()
    };
    let before = collected.examples.len();
    let mut seen = std::collections::HashSet::new();
    let files = data_set.labelled_files(&directory);
    for file in files.iter().filter(|file| file.language == language) {
        let mut recent: Vec<String> = Vec::new();
        for text in file.load()? {
            if known.find(&text.text).is_some() {
                source.excluded += 1;
                continue;
            }
            if !seen.insert((text.text.clone(), text.toxic)) {
                continue;
            }
            match text.toxic {
                true => source.toxic += 1,
                false => source.clean += 1,
            }
            if clean {
                recent.push(text.text.clone());
            }
            let mut example = Example {
                text: text.text,
                toxic: text.toxic,
                weight,
                group: number << 32 | text.line,
                calibrates: 0.0,
            };
            collected.examples.push(example.clone());
            if recent.len() == JOINED {
                example.text = recent.join(" ");
                recent.clear();
                collected.examples.push(example);
            }
        }
    }
    if clean {
        let everyday = &mut collected.examples[before..];
        let share = EVERYDAY_CALIBRATING / everyday.len().max(1) as f32;
        everyday
            .iter_mut()
            .for_each(|example| example.calibrates = share);
    }
    collected.sources.push(source);
    Ok(())
}

fn located(root: &Path, name: &'static str) -> Result<PathBuf, TrainingError> {
    let found = DataSet::find(name).and_then(|data_set| data_set.locate(root));
    found.ok_or_else(|| TrainingError::Missing {
        root: root.to_owned(),
        name,
        needed: DATA_SETS
            .iter()
            .map(|set| set.name)
            .collect::<Vec<_>>()
            .join(", "),
    })
}
