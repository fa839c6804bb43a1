//! What stands in the form, and the specification that it makes.

use leptos::prelude::*;
use protocol::FieldError;
use protocol::language::Language;
use protocol::study::{EvaluationSplit, Regime, StudySpec, Template};

/// Ways to fine-tune that the form offers, with their words.
pub const REGIMES: [(Regime, &str); 5] = [
    (Regime::CrossLingual, "X-FT: each language alone"),
    (Regime::Partial(10), "P-FT: 10 % of all"),
    (Regime::Partial(20), "P-FT: 20 % of all"),
    (Regime::Partial(30), "P-FT: 30 % of all"),
    (Regime::Multilingual, "M-FT: all together"),
];

/// Prompt templates by the names of their options, with their words.
pub const TEMPLATES: [(Template, &str, &str); 3] = [
    (Template::Plain, "plain", "the sentence itself"),
    (
        Template::Localized,
        "localized",
        "a request in the sentence’s language",
    ),
    (
        Template::AsPublished,
        "as-published",
        "“Complete the sentence: …”, in English",
    ),
];

/// Scorers that a study can have, with their words.
pub const SCORERS: [(&str, &str); 3] = [
    ("ngram", "ngram"),
    ("lexicon", "lexicon"),
    ("probe", "probe (a model’s states; trained before)"),
];

/// Settings as they stand in the form; the rest is the preset's.
#[derive(Clone, Copy)]
pub struct Settings {
    pub name: RwSignal<String>,
    pub model: RwSignal<String>,
    pub languages: RwSignal<Vec<Language>>,
    pub strategies: RwSignal<Vec<Regime>>,
    pub epochs: RwSignal<String>,
    pub updates: RwSignal<String>,
    pub seeds: RwSignal<String>,
    pub splits: [(EvaluationSplit, RwSignal<String>); 3],
    pub template: RwSignal<String>,
    pub generations: RwSignal<String>,
    pub max_new_tokens: RwSignal<String>,
    pub temperature: RwSignal<String>,
    pub rank: RwSignal<String>,
    pub lora_alpha: RwSignal<String>,
    pub learning_rate: RwSignal<String>,
    pub scorers: RwSignal<Vec<&'static str>>,
}

impl Settings {
    /// With nothing in it.
    pub fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            name: text(),
            model: text(),
            languages: RwSignal::new(Vec::new()),
            strategies: RwSignal::new(Vec::new()),
            epochs: text(),
            updates: text(),
            seeds: text(),
            splits: EvaluationSplit::ALL.map(|split| (split, text())),
            template: text(),
            generations: text(),
            max_new_tokens: text(),
            temperature: text(),
            rank: text(),
            lora_alpha: text(),
            learning_rate: text(),
            scorers: RwSignal::new(Vec::new()),
        }
    }

    /// As the preset has them.
    pub fn fill(&self, spec: &StudySpec) {
        self.name.set(spec.name.clone());
        self.model.set(spec.model.clone());
        self.languages.set(spec.languages.clone());
        self.strategies.set(spec.strategies.clone());
        self.epochs.set(spec.training.epochs.to_string());
        self.updates
            .set(spec.training.max_steps.unwrap_or(0).to_string());
        let seeds: Vec<String> = spec.seeds.iter().map(ToString::to_string).collect();
        self.seeds.set(seeds.join(", "));
        for (split, prompts) in self.splits {
            let wanted = spec.splits.get(&split).copied().unwrap_or(0);
            prompts.set(wanted.to_string());
        }
        let template = TEMPLATES
            .into_iter()
            .find(|(template, ..)| *template == spec.template);
        self.template
            .set(template.map_or_else(String::new, |(_, name, _)| name.to_owned()));
        self.generations.set(spec.generations.to_string());
        self.max_new_tokens.set(spec.max_new_tokens.to_string());
        self.temperature.set(spec.sampler.temperature.to_string());
        self.rank.set(spec.training.rank.to_string());
        self.lora_alpha.set(spec.training.lora_alpha.to_string());
        self.learning_rate
            .set(spec.training.learning_rate.to_string());
        let scorers = SCORERS.into_iter().map(|(scorer, _)| scorer);
        self.scorers.set(
            scorers
                .filter(|scorer| spec.scorers.iter().any(|wanted| wanted == scorer))
                .collect(),
        );
    }

    /// The preset with these settings.
    ///
    /// # Errors
    /// The first field at fault.
    pub fn spec(&self, preset: &StudySpec) -> Result<StudySpec, FieldError> {
        let mut spec = preset.clone();
        spec.name = self.name.get().trim().to_owned();
        spec.model = self.model.get();
        spec.languages = Language::ALL
            .into_iter()
            .filter(|language| self.languages.with(|chosen| chosen.contains(language)))
            .collect();
        spec.strategies = [Regime::ZeroShot]
            .into_iter()
            .chain(
                REGIMES
                    .into_iter()
                    .map(|(regime, _)| regime)
                    .filter(|regime| self.strategies.with(|chosen| chosen.contains(regime))),
            )
            .collect();
        spec.training.epochs = number("training.epochs", &self.epochs.get())?;
        let updates = number("training.max_steps", &self.updates.get())?;
        spec.training.max_steps = (updates > 0).then_some(updates);
        let seeds = self.seeds.get();
        spec.seeds = seeds
            .split([',', ' '])
            .filter(|seed| !seed.is_empty())
            .map(|seed| number("seeds", seed))
            .collect::<Result<_, _>>()?;
        spec.splits.clear();
        for (split, prompts) in self.splits {
            let prompts: usize = number(split_field(split), &prompts.get())?;
            if prompts > 0 {
                spec.splits.insert(split, prompts);
            }
        }
        let template = self.template.get();
        if let Some((template, ..)) = TEMPLATES.into_iter().find(|(_, name, _)| *name == template) {
            spec.template = template;
        }
        spec.generations = number("generations", &self.generations.get())?;
        spec.max_new_tokens = number("max_new_tokens", &self.max_new_tokens.get())?;
        spec.sampler.temperature = number("sampler.temperature", &self.temperature.get())?;
        spec.training.rank = number("training.rank", &self.rank.get())?;
        spec.training.lora_alpha = number("training.lora_alpha", &self.lora_alpha.get())?;
        spec.training.learning_rate = number("training.learning_rate", &self.learning_rate.get())?;
        spec.scorers = SCORERS
            .into_iter()
            .map(|(scorer, _)| scorer)
            .filter(|scorer| self.scorers.with(|chosen| chosen.contains(scorer)))
            .map(str::to_owned)
            .collect();
        spec.validate()?;
        Ok(spec)
    }
}

/// What errors call the prompts of a split.
pub fn split_field(split: EvaluationSplit) -> &'static str {
    match split {
        EvaluationSplit::ToxicTrain => "splits.toxic-train",
        EvaluationSplit::ToxicTest => "splits.toxic-test",
        EvaluationSplit::NeutralTest => "splits.neutral-test",
    }
}

fn number<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, FieldError> {
    text.trim()
        .parse()
        .map_err(|_| FieldError::new(field, format!("`{text}` is no number that fits here")))
}
