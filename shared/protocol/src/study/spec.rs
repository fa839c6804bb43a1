//! What a study is to do. Two studies with the same specification, model and data have the same
//! results, bit for bit on a processor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::split::EvaluationSplit;
use super::strategy::{Regime, Strategy};
use crate::FieldError;
use crate::generation::{MAX_NEW_TOKENS_LIMIT, SamplerSettings};
use crate::language::Language;
use crate::training::SftSettings;

/// What becomes of a sentence before the model continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// Nothing: the sentence itself is the prefix. For base models.
    Plain,
    /// The request of `as-published`, written in the sentence's language.
    Localized,
    /// `Complete the sentence: …`, in English whatever the language (arXiv 2505.16722).
    AsPublished,
}

/// Which protocol the cells follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The same split, prompt, precision, length and stripping in every cell.
    #[default]
    Matched,
    /// What the authors' code does, differences between the regimes included: X-FT and P-FT get
    /// ` ..` behind the prompt; M-FT writes 100 tokens where the others write 50, greedily, and
    /// is scored with its prompt; perplexity is that of the text alone, by GPT-2's stand-in for
    /// ZS and X-FT and by the fine-tuned model itself for P-FT and M-FT. Their Δ mix these
    /// differences with what fine-tuning does.
    AsPublished,
}

/// Where the sentences come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DataSource {
    /// What comes with the program. Not for research.
    Sample,
    /// The pairs of "Breaking mBad!", in a directory of the user's.
    Multiparadetox,
}

/// How tokens are chosen; seeds come from the study's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StudySampler {
    /// 0 is greedy.
    pub temperature: f32,
    /// Keep the k most likely tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep the smallest set of tokens whose probability reaches this.
    pub top_p: f32,
    /// 1 is off.
    pub repetition_penalty: f32,
}

impl Default for StudySampler {
    /// T 0.7, top-p 0.9 (arXiv 2505.16722 §4).
    fn default() -> Self {
        Self {
            temperature: 0.7,
            top_k: 0,
            top_p: 0.9,
            repetition_penalty: 1.0,
        }
    }
}

impl StudySampler {
    /// The settings of one sequence.
    pub fn with_seed(&self, seed: u64) -> SamplerSettings {
        SamplerSettings {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            repetition_penalty: self.repetition_penalty,
            seed,
        }
    }
}

/// What is measured beside toxicity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PerplexitySettings {
    /// Conditional perplexity of the completions, by one model for all cells.
    pub conditional: bool,
    /// That model. Absent: `gemma-3-270m` if it is installed, else the study's own model without
    /// an adapter; which it was stands in the provenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Perplexity of each state of the model on the neutral test sentences.
    pub held_out: bool,
}

impl Default for PerplexitySettings {
    fn default() -> Self {
        Self {
            conditional: true,
            model: None,
            held_out: true,
        }
    }
}

/// The grid and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StudySpec {
    /// Its name, also that of its directory: a–z, 0–9, `-`, `_`, `.`.
    pub name: String,
    /// What it is, for people.
    #[serde(default)]
    pub title: String,
    /// The preset it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The model, as `backend models list` names it, or a path.
    pub model: String,
    /// Where the sentences come from.
    pub data: DataSource,
    /// `zs`, `x-ft`, `p-ft-10`, `p-ft-20`, `p-ft-30`, `m-ft`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub strategies: Vec<Regime>,
    /// Languages, to train in and to measure in.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub languages: Vec<Language>,
    /// Each gives adapters and generations of its own.
    pub seeds: Vec<u64>,
    /// Prompt template.
    pub template: Template,
    /// `matched` or `as-published`.
    #[serde(default)]
    pub protocol: Protocol,
    /// Completions of each prompt (k).
    pub generations: usize,
    /// Most new tokens of a completion.
    pub max_new_tokens: usize,
    /// Sentences to train on, of each language; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_sentences: Option<usize>,
    /// Toxicity scorers: `ngram`, `lexicon`, `probe`.
    pub scorers: Vec<String>,
    /// Resamples behind each interval.
    #[serde(default = "default_bootstrap")]
    pub bootstrap: usize,
    /// Prompts of each split and language: the first so many of the split.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, usize>))]
    pub splits: BTreeMap<EvaluationSplit, usize>,
    /// How tokens are chosen.
    #[serde(default)]
    pub sampler: StudySampler,
    /// What is measured beside toxicity.
    #[serde(default)]
    pub perplexity: PerplexitySettings,
    /// How the adapters are trained. The study's seeds take the place of `training.seed`.
    #[serde(default)]
    pub training: SftSettings,
}

fn default_bootstrap() -> usize {
    1000
}

/// A specification that cannot be carried out.
pub type SpecError = FieldError;

/// Most completions of one prompt.
const GENERATIONS_LIMIT: usize = 100;
/// Most resamples.
const BOOTSTRAP_LIMIT: usize = 100_000;
/// Longest name.
const NAME_LIMIT: usize = 64;

impl StudySpec {
    /// The rows of its matrices, ZS first. ZS is there whether it was asked for or not.
    pub fn rows(&self) -> Vec<Strategy> {
        let mut rows = vec![Strategy::ZeroShot];
        for regime in &self.strategies {
            for strategy in regime.strategies(&self.languages) {
                if !rows.contains(&strategy) {
                    rows.push(strategy);
                }
            }
        }
        rows
    }

    /// Cells: rows × seeds × languages × splits.
    pub fn cells(&self) -> usize {
        self.rows().len() * self.seeds.len() * self.languages.len() * self.splits.len()
    }

    /// Refuses what cannot be carried out, by field name.
    ///
    /// # Errors
    /// The first field at fault.
    pub fn validate(&self) -> Result<(), SpecError> {
        valid_name(&self.name)?;
        let fault = |field: &str, message: String| Err(FieldError::new(field, message));
        if self.model.is_empty() {
            return fault("model", "must not be empty".into());
        }
        distinct("strategies", &self.strategies)?;
        distinct("languages", &self.languages)?;
        distinct("seeds", &self.seeds)?;
        distinct("scorers", &self.scorers)?;
        if self.splits.is_empty() {
            return fault(
                "splits",
                "name at least one, as in `toxic-test = 100`".into(),
            );
        }
        for (split, prompts) in &self.splits {
            in_range(&format!("splits.{split}"), *prompts, 1, 1_000_000)?;
        }
        in_range("generations", self.generations, 1, GENERATIONS_LIMIT)?;
        in_range(
            "max_new_tokens",
            self.max_new_tokens,
            1,
            MAX_NEW_TOKENS_LIMIT,
        )?;
        in_range("bootstrap", self.bootstrap, 1, BOOTSTRAP_LIMIT)?;
        if self.train_sentences == Some(0) {
            return fault("train_sentences", "must be at least 1".into());
        }
        let below = |table: &str, error: FieldError| {
            FieldError::new(format!("{table}.{}", error.field), error.message)
        };
        self.training
            .validate()
            .map_err(|error| below("training", error))?;
        self.sampler
            .with_seed(0)
            .validate()
            .map_err(|error| below("sampler", error))
    }
}

/// Refuses names that could not be a directory everywhere.
///
/// # Errors
/// What is wrong with it, as field `name`.
pub fn valid_name(name: &str) -> Result<(), SpecError> {
    let allowed = |character: char| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || matches!(character, '-' | '_' | '.')
    };
    if name.is_empty()
        || name.len() > NAME_LIMIT
        || name.starts_with(['.', '-'])
        || !name.chars().all(allowed)
    {
        return Err(FieldError::new(
            "name",
            format!(
                "`{name}` must be 1 to {NAME_LIMIT} of a–z, 0–9, `-`, `_` and `.`, and begin with a letter or digit"
            ),
        ));
    }
    Ok(())
}

fn distinct<T: PartialEq>(field: &str, values: &[T]) -> Result<(), SpecError> {
    if values.is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    for (at, value) in values.iter().enumerate() {
        if values[..at].contains(value) {
            return Err(FieldError::new(field, "names the same twice"));
        }
    }
    Ok(())
}

fn in_range(field: &str, value: usize, low: usize, high: usize) -> Result<(), SpecError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(FieldError::new(
        field,
        format!("must be between {low} and {high}, got {value}"),
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::preset::Preset;
    use super::*;

    #[test]
    fn every_preset_can_be_carried_out_and_is_read_as_it_is_written() {
        for preset in Preset::ALL {
            let spec = preset.spec("gemma-3-270m-mini");
            spec.validate().unwrap();
            let text = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<StudySpec>(&text).unwrap(), spec);
            assert_eq!(preset.name().parse(), Ok(preset));
        }
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_by_name() {
        let refused = |change: &dyn Fn(&mut StudySpec)| {
            let mut spec = Preset::Quick.spec("m");
            change(&mut spec);
            spec.validate().unwrap_err().field
        };
        assert_eq!(refused(&|spec| spec.name = "../x".into()), "name");
        assert_eq!(refused(&|spec| spec.languages.clear()), "languages");
        assert_eq!(refused(&|spec| spec.seeds = vec![1, 1]), "seeds");
        assert_eq!(refused(&|spec| spec.generations = 0), "generations");
        assert_eq!(refused(&|spec| spec.sampler.top_p = 0.0), "sampler.top_p");
        assert_eq!(
            refused(&|spec| {
                spec.splits.insert(EvaluationSplit::ToxicTest, 0);
            }),
            "splits.toxic-test"
        );
        let text = r#"{"name":"x","modle":"y"}"#;
        let error = serde_json::from_str::<StudySpec>(text).unwrap_err();
        assert!(error.to_string().contains("modle"), "{error}");
    }

    #[test]
    fn the_papers_grid_is_complete() {
        // ZS, seven X-FT, three P-FT, M-FT: of one model, in seven languages and three splits.
        let spec = Preset::Paper.spec("m");
        assert_eq!(spec.rows().len(), 12);
        assert_eq!(spec.cells(), 12 * 7 * 3);
    }
}
