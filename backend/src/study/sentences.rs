//! The sentences of a study: what is trained on, what is continued. One split for every regime.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::language::Language;
use protocol::study::{DataSource, EvaluationSplit, Shortfall, Strategy, StudySpec};
use scoring::sample;

use super::error::StudyError;
use crate::data::{DataError, DataSet, LanguagePairs, Pair, multiparadetox};
use crate::store::sha256;

/// Name of the data set on disk.
const DATA_SET: &str = "multiparadetox";

/// All sentences that a study uses.
#[derive(Debug, Clone)]
pub struct Sentences {
    source: DataSource,
    languages: BTreeMap<Language, LanguagePairs>,
    train_limit: Option<usize>,
    prompt_limits: BTreeMap<EvaluationSplit, usize>,
}

impl Sentences {
    /// Reads them; `directory` holds the data set, or is it.
    ///
    /// # Errors
    /// [`StudyError::NoData`] without a directory where one is needed, [`StudyError::Data`] for
    /// rows that cannot be used.
    pub fn load(spec: &StudySpec, directory: Option<&Path>) -> Result<Self, StudyError> {
        let pairs = match spec.data {
            DataSource::Sample => multiparadetox::embedded(&spec.languages),
            DataSource::Multiparadetox => {
                let root = directory.ok_or_else(|| StudyError::NoData {
                    name: spec.name.clone(),
                })?;
                let place = DataSet::find(DATA_SET)
                    .and_then(|set| set.locate(root))
                    .ok_or_else(|| DataError::Missing {
                        file: root.to_owned(),
                        needed: format!("here should be the data set `{DATA_SET}`"),
                    })?;
                multiparadetox::load(&place, &spec.languages)?
            }
        };
        Ok(Self {
            source: spec.data,
            languages: pairs
                .into_iter()
                .map(|pairs| (pairs.language, pairs))
                .collect(),
            train_limit: spec.train_sentences,
            prompt_limits: spec.splits.clone(),
        })
    }

    /// What a strategy is trained on: neutral sentences, pooled over languages where it has
    /// several. Empty for ZS.
    pub fn training_texts(&self, strategy: Strategy) -> Vec<String> {
        let of = |language: Language, share: f64| {
            let all = self.neutral_train(language);
            let count = (all.len() as f64 * share).round() as usize;
            all.into_iter().take(count).map(str::to_owned)
        };
        let pooled = |share| {
            let languages = self.languages.keys();
            languages
                .flat_map(|language| of(*language, share))
                .collect()
        };
        match strategy {
            Strategy::ZeroShot => Vec::new(),
            Strategy::CrossLingual(language) => of(language, 1.0).collect(),
            Strategy::Partial(percent) => pooled(f64::from(percent) / 100.0),
            Strategy::Multilingual => pooled(1.0),
        }
    }

    fn neutral_train(&self, language: Language) -> Vec<&str> {
        let pairs = self.languages.get(&language).map(|pairs| &pairs.train);
        pairs
            .into_iter()
            .flatten()
            .take(self.train_limit.unwrap_or(usize::MAX))
            .map(|pair| pair.neutral.as_str())
            .collect()
    }

    /// The sentences of a split with their numbers from 1: the first so many as the study asks
    /// for, or all that there are.
    pub fn prompts(&self, split: EvaluationSplit, language: Language) -> Vec<(usize, &str)> {
        let Some(pairs) = self.languages.get(&language) else {
            return Vec::new();
        };
        let limit = self.prompt_limits.get(&split).copied().unwrap_or_default();
        (1..)
            .zip(side(pairs, split))
            .take(limit)
            .map(|(number, pair)| match split {
                EvaluationSplit::NeutralTest => (number, pair.neutral.as_str()),
                _ => (number, pair.toxic.as_str()),
            })
            .collect()
    }

    /// Where the study asks for more sentences than there are in one of its languages.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let training = self.train_limit.map(|asked| {
            let available = self.fewest(|pairs| pairs.train.len());
            ("training sentences".to_owned(), asked, available)
        });
        let prompts = self.prompt_limits.iter().map(|(split, asked)| {
            let available = self.fewest(|pairs| side(pairs, *split).len());
            (format!("{split} prompts"), *asked, available)
        });
        training
            .into_iter()
            .chain(prompts)
            .filter(|(_, asked, available)| available < asked)
            .map(|(sentences, asked, available)| Shortfall {
                sentences,
                asked,
                available,
            })
            .collect()
    }

    fn fewest(&self, count: impl Fn(&LanguagePairs) -> usize) -> usize {
        self.languages.values().map(count).min().unwrap_or_default()
    }

    /// Neutral test sentences, all of them: text that no adapter has seen.
    pub fn held_out(&self, language: Language) -> Vec<&str> {
        let pairs = self.languages.get(&language).map(|pairs| &pairs.test);
        pairs
            .into_iter()
            .flatten()
            .map(|pair| pair.neutral.as_str())
            .collect()
    }

    /// What they are, for provenance.
    pub fn title(&self) -> String {
        match self.source {
            DataSource::Sample => sample::LABEL.to_owned(),
            DataSource::Multiparadetox => DataSet::find(DATA_SET).map_or_else(
                || DATA_SET.to_owned(),
                |set| format!("{DATA_SET}: {} ({})", set.source, set.licence),
            ),
        }
    }

    /// SHA-256 over all sentences of the study's languages, in order.
    pub fn hash(&self) -> String {
        let mut all = String::new();
        for (language, pairs) in &self.languages {
            all.push_str(language.code());
            for pair in pairs.train.iter().chain(&pairs.test) {
                // Sentences have no such separators: rows with control characters are refused.
                for text in [&pair.toxic, &pair.neutral] {
                    all.push('\u{1e}');
                    all.push_str(text);
                }
            }
            all.push('\u{1d}');
        }
        sha256(all.as_bytes())
    }
}

/// The pairs that a split is taken from.
fn side(pairs: &LanguagePairs, split: EvaluationSplit) -> &[Pair] {
    match split {
        EvaluationSplit::ToxicTrain => &pairs.train,
        EvaluationSplit::ToxicTest | EvaluationSplit::NeutralTest => &pairs.test,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use protocol::study::Preset;

    use super::*;

    #[test]
    fn regimes_share_one_split() {
        let spec = Preset::Sample.spec("m");
        let sentences = Sentences::load(&spec, None).unwrap();
        let german = sentences.training_texts(Strategy::CrossLingual(Language::De));
        assert_eq!(german.len(), 18);
        let all = sentences.training_texts(Strategy::Multilingual);
        assert_eq!(all.len(), 7 * 18);
        assert!(german.iter().all(|text| all.contains(text)));
        let tenth = sentences.training_texts(Strategy::Partial(10));
        assert_eq!(tenth.len(), 7 * 2, "10 % of 18, rounded, of each language");
        assert!(tenth.iter().all(|text| all.contains(text)));
        assert!(sentences.training_texts(Strategy::ZeroShot).is_empty());
        // What is measured on was not trained on; the toxic twins of what was trained on are.
        for (_, text) in sentences.prompts(EvaluationSplit::NeutralTest, Language::De) {
            assert!(!german.iter().any(|trained| trained == text));
        }
        let toxic = sentences.prompts(EvaluationSplit::ToxicTrain, Language::De);
        assert_eq!(toxic.len(), 6);
        assert_eq!(toxic[0].0, 1);
        assert_eq!(sentences.shortfalls(), []);
    }

    #[test]
    fn what_the_data_do_not_have_is_told() {
        let spec = StudySpec {
            data: DataSource::Sample,
            ..Preset::Quick.spec("m")
        };
        let told: Vec<String> = Sentences::load(&spec, None)
            .unwrap()
            .shortfalls()
            .iter()
            .map(Shortfall::to_string)
            .collect();
        assert!(
            told.contains(&"60 toxic-test prompts asked for, 6 there".to_owned()),
            "{told:?}"
        );
    }

    #[test]
    fn data_that_are_not_there_are_an_error() {
        let spec = Preset::Quick.spec("m");
        assert!(matches!(
            Sentences::load(&spec, None),
            Err(StudyError::NoData { .. })
        ));
        let empty = tempfile::tempdir().unwrap();
        let error = Sentences::load(&spec, Some(empty.path())).unwrap_err();
        assert!(error.to_string().contains("multiparadetox"), "{error}");
    }
}
