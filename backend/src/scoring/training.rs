//! The training set of the `ngram` scorer, put together from data on disk: the same files give the
//! same model, bit for bit.

use std::ops::Range;
use std::path::{Path, PathBuf};

use protocol::language::Language;
use rayon::prelude::*;
use scoring::ngram::{
    Example, Model, ModelCard, SourceCount, TrainOptions, fold_of, train_language,
};
use scoring::written::{self, WrittenError};

use crate::data::{DATA_SETS, DataError, DataSet, Kind, NearIndex, Pair, multiparadetox};

/// Version of what is trained here: a new one whenever features, texts or weights change.
const VERSION: &str = "0.5.1";
/// How much everyday sentences count: most text is of that kind.
const EVERYDAY_WEIGHT: f32 = 3.0;
/// Clean sentences are also given as short texts of this many.
const JOINED: usize = 3;
/// Labelled posts are also given as longer texts of this many.
const JOINED_POSTS: usize = 4;
/// Prime, so that the clean posts beside toxic ones are not neighbours in their file.
const STRIDE: usize = 7_919;
/// Beyond the numbers of the sources.
const WRITTEN_GROUPS: u64 = 100 << 32;
/// What the sentences written for the program are called in the list of sources.
const WRITTEN: &str = "written";

/// What is not the same in every language: chosen by cross-validation on the pairs, and on news and
/// pages that are neither trained on nor part of the evaluation.
struct Recipe {
    /// How much the pairs of the evaluation's own domain count.
    pair_weight: f32,
    /// How much a written sentence counts that no words are put into: those from one pattern, of
    /// which there are several, count 1.
    plain_weight: f32,
    /// How many of the texts that set the scale of probabilities are everyday sentences, beside
    /// each sentence of the pairs: half of what is scored elsewhere is not toxic.
    everyday_calibrating: f32,
    /// Whether labelled posts are also given joined.
    joins_posts: bool,
}

impl Recipe {
    fn of(language: Language) -> Self {
        Self {
            // Where there are many labelled posts of another kind, the pairs have to stand against them.
            pair_weight: match language {
                Language::De | Language::Zh => 18.0,
                _ => 12.0,
            },
            plain_weight: match language {
                Language::De => 1.0,
                Language::Ru => 8.0,
                Language::Zh => 12.0,
                _ => 4.0,
            },
            everyday_calibrating: if language == Language::Ru {
                400.0
            } else {
                80.0
            },
            // There, sets of short posts made long news look toxic.
            joins_posts: matches!(language, Language::Ru | Language::Zh),
        }
    }
}

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

/// How far the training of a language is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingStep {
    /// Its texts are read and compared with those of the tests.
    Reading,
    /// The table is fitted to so many examples, once for each fold and once for all.
    Fitting {
        /// How many.
        examples: usize,
    },
    /// It is done.
    Done,
}

/// Trains on the data sets under `root`. `without` names sources to leave out, so that they can
/// test the result; `options` are those of every language. `told` hears what is done; the languages
/// are read one after the other and fitted side by side.
///
/// # Errors
/// As [`TrainingError`] says.
pub fn train(
    root: &Path,
    languages: &[Language],
    without: &[String],
    options: &TrainOptions,
    told: &(dyn Fn(Language, TrainingStep) + Sync),
) -> Result<Training, TrainingError> {
    let sets: Vec<Collected> = languages
        .iter()
        .map(|language| {
            told(*language, TrainingStep::Reading);
            collect(root, *language, without, options.folds)
        })
        .collect::<Result<_, _>>()?;
    // Each language by itself: threads change nothing in the sums.
    let models = languages
        .par_iter()
        .zip(&sets)
        .map(|(language, set)| {
            let examples = set.examples.len();
            told(*language, TrainingStep::Fitting { examples });
            let model = train_language(*language, &set.examples, options).model;
            told(*language, TrainingStep::Done);
            model
        })
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
    /// Which of them each labelled set has.
    labelled: Vec<Range<usize>>,
    sources: Vec<Source>,
}

fn collect(
    root: &Path,
    language: Language,
    without: &[String],
    folds: u64,
) -> Result<Collected, TrainingError> {
    let mut collected = Collected::default();
    let mut known = NearIndex::default();
    let mut twins = Twins::default();
    let pairs = multiparadetox::load(&located(root, "multiparadetox")?, &[language])?;
    for pairs in &pairs {
        known.add_pairs(&pairs.test);
    }
    let mut source = Source {
        name: "multiparadetox",
        ..Source::default()
    };
    let weight = Recipe::of(language).pair_weight;
    for (group, pair) in (0..).zip(pairs.iter().flat_map(|pairs| &pairs.train)) {
        if known.has_side_of(pair) {
            source.excluded += 2;
            continue;
        }
        source.toxic += 1;
        source.clean += 1;
        let group = twins.add(pair, group);
        for (text, toxic) in [(&pair.toxic, true), (&pair.neutral, false)] {
            collected.examples.push(Example {
                text: text.clone(),
                toxic,
                weight,
                group,
                calibrates: 1.0,
            });
        }
    }
    collected.sources.push(source);
    collected.labelled.push(0..collected.examples.len());
    let sources = DATA_SETS
        .iter()
        .filter(|set| set.kind != Kind::Pairs && set.languages.contains(&language))
        .filter(|set| !without.iter().any(|name| name == set.name));
    for (number, data_set) in (1..).zip(sources) {
        add(
            &mut collected,
            root,
            data_set,
            language,
            (&known, &twins),
            number,
        )?;
    }
    if !without.iter().any(|name| name == WRITTEN) {
        add_written(&mut collected, language)?;
    }
    if Recipe::of(language).joins_posts {
        join_posts(&mut collected, folds);
    }
    Ok(collected)
}

/// The pairs trained on, to find again in other sets. Some of these are what the pairs were made
/// from: were a text in one fold and its copy in another, the fit would know what it is tested on,
/// and the probabilities would claim more than they hold for texts that are new.
#[derive(Debug, Default)]
struct Twins {
    index: NearIndex,
    groups: Vec<u64>,
}

impl Twins {
    /// Adds a pair; returns its group, which is that of an earlier pair if they are alike.
    fn add(&mut self, pair: &Pair, group: u64) -> u64 {
        let group = [&pair.toxic, &pair.neutral]
            .into_iter()
            .find_map(|text| self.find(text))
            .unwrap_or(group);
        for text in [&pair.toxic, &pair.neutral] {
            self.index.add(text);
            self.groups.push(group);
        }
        group
    }

    /// The group of the pair that has this text, or nearly.
    fn find(&self, text: &str) -> Option<u64> {
        let (number, _) = self.index.find(text)?;
        self.groups.get(number).copied()
    }
}

/// Posts are short, news is not: clean posts in a row say that length alone is no offence, a toxic
/// one beside a clean one that length is no excuse. Only posts of one fold are joined.
fn join_posts(collected: &mut Collected, folds: u64) {
    let joined = |texts: &[&Example], kind: &Example| {
        let texts: Vec<&str> = texts.iter().map(|example| example.text.trim()).collect();
        Example {
            text: texts.join(" "),
            calibrates: 0.0,
            ..kind.clone()
        }
    };
    let mut longer = Vec::new();
    for fold in 0..folds {
        let of_fold = |set: &Range<usize>, toxic: bool| -> Vec<&Example> {
            collected.examples[set.clone()]
                .iter()
                .filter(|example| example.toxic == toxic && fold_of(example.group, folds) == fold)
                .collect()
        };
        let clean: Vec<Vec<&Example>> = collected
            .labelled
            .iter()
            .map(|set| of_fold(set, false))
            .collect();
        for texts in clean.iter().flat_map(|set| set.chunks_exact(JOINED_POSTS)) {
            longer.push(joined(texts, texts[0]));
        }
        let clean = clean.concat();
        for set in &collected.labelled {
            let toxic = of_fold(set, true);
            for (number, toxic) in toxic.into_iter().step_by(JOINED_POSTS).enumerate() {
                let Some(clean) = clean.get(number * STRIDE % clean.len().max(1)) else {
                    break;
                };
                longer.push(match number % 2 {
                    0 => joined(&[toxic, clean], toxic),
                    _ => joined(&[clean, toxic], toxic),
                });
            }
        }
    }
    collected.examples.extend(longer);
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
                    1 => Recipe::of(language).plain_weight,
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
    (known, twins): (&NearIndex, &Twins),
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
                toxic: text.toxic,
                weight,
                group: twins.find(&text.text).unwrap_or(number << 32 | text.line),
                text: text.text,
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
        let share = Recipe::of(language).everyday_calibrating / everyday.len().max(1) as f32;
        everyday
            .iter_mut()
            .for_each(|example| example.calibrates = share);
    } else {
        collected.labelled.push(before..collected.examples.len());
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
