//! The probe's training set: pairs of ParaDetox's training part and everyday sentences.

use std::path::Path;

use protocol::language::Language;

use super::ProbeError;
use super::file::{FORMAT, ProbeFile};
use super::fit::{Point, fit};
use super::states::{BATCH, States};
use crate::data::{DataSet, NearIndex, multiparadetox};

/// Everyday sentences per language, as a part of the pairs: without any, ordinary text looks toxic.
const EVERYDAY: usize = 3;
/// Fewer texts than this make no direction.
const FEWEST: usize = 100;

/// A trained probe and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeTraining {
    /// The probe.
    pub probe: ProbeFile,
    /// Texts that were left out because a test has them, or nearly.
    pub excluded: usize,
}

/// The model's name, or its path in a form that is right from everywhere.
fn findable(given: &str, found: String) -> String {
    match std::fs::canonicalize(given) {
        Ok(path) if given != found => path.display().to_string(),
        _ => found,
    }
}

struct Text {
    text: String,
    toxic: bool,
    group: u64,
}

/// Trains on the pairs under `root`, at most `pairs` per language, and on the Tatoeba sentences
/// there if it has any; the test part is only used to leave out what is like it. `told` hears how
/// many texts of how many were read.
///
/// # Errors
/// As [`ProbeError`] says.
pub fn train(
    data_dir: &Path,
    model: &str,
    (root, languages): (&Path, &[Language]),
    pairs: usize,
    told: &mut dyn FnMut(usize, usize),
) -> Result<ProbeTraining, ProbeError> {
    let set = |name| DataSet::find(name).and_then(|set| Some((set, set.locate(root)?)));
    let directory = set("multiparadetox").map_or_else(|| root.to_owned(), |(_, place)| place);
    let everyday = set("tatoeba");
    let mut texts = Vec::new();
    let mut excluded = 0;
    let mut group = 0;
    for language in multiparadetox::load(&directory, languages)? {
        let mut tested = NearIndex::default();
        tested.add_pairs(&language.test);
        for pair in language.train.iter().take(pairs) {
            group += 1;
            if tested.has_side_of(pair) {
                excluded += 2;
                continue;
            }
            for (text, toxic) in [(&pair.toxic, true), (&pair.neutral, false)] {
                texts.push(Text {
                    text: text.clone(),
                    toxic,
                    group,
                });
            }
        }
        let Some((set, place)) = &everyday else {
            continue;
        };
        let files = set.labelled_files(place);
        let own = files
            .iter()
            .filter(|file| file.language == language.language);
        let mut left = pairs.min(language.train.len()) / EVERYDAY;
        for file in own {
            for text in file.load()?.into_iter().take(left) {
                left -= 1;
                group += 1;
                if tested.find(&text.text).is_some() {
                    excluded += 1;
                    continue;
                }
                texts.push(Text {
                    text: text.text,
                    toxic: false,
                    group,
                });
            }
        }
    }
    if texts.len() < FEWEST {
        return Err(ProbeError::TooFew {
            texts: texts.len(),
            needed: FEWEST,
        });
    }
    let mut states = States::open(data_dir, model)?;
    // Texts of like length together: a batch is as long as its longest. The order of the points
    // stays that of the texts.
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|number| texts[*number].text.len());
    let mut found: Vec<Vec<f32>> = vec![Vec::new(); texts.len()];
    let mut read = 0;
    for numbers in order.chunks(BATCH) {
        let batch: Vec<&str> = numbers
            .iter()
            .map(|number| texts[*number].text.as_str())
            .collect();
        for (number, state) in numbers.iter().zip(states.of(&batch)?) {
            found[*number] = state;
        }
        read += numbers.len();
        told(read, texts.len());
    }
    let toxic = texts.iter().filter(|text| text.toxic).count();
    let counts = (toxic, texts.len() - toxic);
    let points: Vec<Point> = texts
        .into_iter()
        .zip(found)
        .map(|(text, state)| Point {
            state,
            toxic: text.toxic,
            group: text.group,
        })
        .collect();
    let fitted = fit(&points);
    let mut sources = vec!["multiparadetox".to_owned()];
    sources.extend(everyday.map(|(set, _)| set.name.to_owned()));
    let provenance = states.provenance;
    Ok(ProbeTraining {
        probe: ProbeFile {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: findable(model, provenance.model),
            model_sha256: provenance.sha256,
            model_weights: provenance.weights,
            languages: languages.to_vec(),
            sources,
            texts: counts,
            penalty: fitted.penalty,
            cross_validated_auc: fitted.auc,
            weights: fitted.weights,
            bias: fitted.bias,
        },
        excluded,
    })
}
