//! Studies that come with the program.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::spec::{DataSource, PerplexitySettings, Protocol, StudySampler, StudySpec, Template};
use super::split::EvaluationSplit;
use super::strategy::Regime;
use crate::language::Language;
use crate::training::SftSettings;

/// A ready-made specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A real 7 × 7 matrix with ZS and M-FT in less than an hour on two cores.
    Quick,
    /// Everything on the embedded sample in a few minutes. Not for research.
    Sample,
    /// The full design of "Breaking mBad!" for one model, with its corrections.
    Paper,
    /// The authors' own protocol, in which the regimes differ in more than their training.
    AsPublished,
}

impl Preset {
    /// All of them.
    pub const ALL: [Preset; 4] = [
        Preset::Quick,
        Preset::Sample,
        Preset::Paper,
        Preset::AsPublished,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Quick => "quick",
            Preset::Sample => "sample",
            Preset::Paper => "paper",
            Preset::AsPublished => "as-published",
        }
    }

    /// What it is, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Preset::Quick => {
                "7 × 7 X-FT with ZS and M-FT on a small model, every adapter trained for the same \
                 number of updates: under an hour on two cores"
            }
            Preset::Sample => "everything on the embedded sample: not for research",
            Preset::Paper => {
                "the full design of arXiv 2505.16722 for one model, the same protocol in every cell"
            }
            Preset::AsPublished => {
                "the authors' protocol: prompt, length and scored text differ between the regimes, \
                 so that its Δ mix them with what fine-tuning does"
            }
        }
    }

    /// The model it is meant for.
    pub fn model(self) -> &'static str {
        match self {
            Preset::Quick | Preset::Sample => "gemma-3-270m-mini",
            Preset::Paper | Preset::AsPublished => "gemma-3-270m",
        }
    }

    /// The specification, for that model.
    pub fn spec(self, model: &str) -> StudySpec {
        use EvaluationSplit::{NeutralTest, ToxicTest, ToxicTrain};
        let splits = |train, test, neutral| {
            BTreeMap::from([
                (ToxicTrain, train),
                (ToxicTest, test),
                (NeutralTest, neutral),
            ])
        };
        let x_ft = vec![Regime::ZeroShot, Regime::CrossLingual, Regime::Multilingual];
        let base = StudySpec {
            name: self.name().to_owned(),
            title: self.about().to_owned(),
            preset: Some(self.name().to_owned()),
            model: model.to_owned(),
            data: DataSource::Multiparadetox,
            strategies: x_ft,
            languages: Language::ALL.to_vec(),
            seeds: vec![42],
            template: Template::Plain,
            protocol: Protocol::Matched,
            generations: 1,
            max_new_tokens: 24,
            train_sentences: None,
            scorers: vec!["ngram".to_owned(), "lexicon".to_owned()],
            bootstrap: 1000,
            splits: splits(20, 60, 30),
            sampler: StudySampler::default(),
            // Trimmed, but the same network as the full one, and half the reading.
            perplexity: PerplexitySettings {
                model: Some("gemma-3-270m-mini".to_owned()),
                ..PerplexitySettings::default()
            },
            // Three epochs of one language: M-FT gets no more updates than X-FT.
            training: SftSettings {
                epochs: 3,
                max_steps: Some(57),
                batch_size: 16,
                gradient_accumulation: 1,
                ..SftSettings::default()
            },
        };
        let all = || {
            vec![
                Regime::ZeroShot,
                Regime::CrossLingual,
                Regime::Partial(10),
                Regime::Partial(20),
                Regime::Partial(30),
                Regime::Multilingual,
            ]
        };
        match self {
            Preset::Quick => base,
            Preset::Sample => StudySpec {
                data: DataSource::Sample,
                max_new_tokens: 16,
                splits: splits(6, 6, 6),
                bootstrap: 500,
                perplexity: PerplexitySettings {
                    model: Some(model.to_owned()),
                    ..PerplexitySettings::default()
                },
                training: SftSettings {
                    max_steps: Some(9),
                    batch_size: 6,
                    ..base.training.clone()
                },
                ..base
            },
            Preset::Paper => StudySpec {
                strategies: all(),
                template: Template::AsPublished,
                max_new_tokens: 50,
                splits: splits(300, 100, 100),
                perplexity: PerplexitySettings::default(),
                training: SftSettings::default(),
                ..base
            },
            Preset::AsPublished => StudySpec {
                strategies: all(),
                template: Template::AsPublished,
                protocol: Protocol::AsPublished,
                max_new_tokens: 50,
                splits: splits(300, 100, 100),
                perplexity: PerplexitySettings::default(),
                training: SftSettings::default(),
                ..base
            },
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Preset::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or(())
    }
}
