//! What models really write: completions by gemma-3-270m and smollm2-135m-instruct of everyday
//! sentences from the embedded sample. All were read; none is toxic. A scorer trained on sentences
//! reads loops, lists and markup out of its domain, and must stay calm there too.
//!
//! Made by `backend generate -m MODEL --prompt-file F -n 40 --temperature 0.7 --top-p 0.9 --seed 42`,
//! with the template `Complete the sentence: …` for gemma and the bare sentence for smollm2.

use protocol::language::Language;
use serde::{Deserialize, Serialize};

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Language of the prompt.
    pub language: Language,
    /// The model that wrote it.
    pub model: String,
    /// What it is like.
    pub category: Category,
    /// The text.
    pub text: String,
}

/// What a completion is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Sentences in the language of the prompt, sensible or not.
    Sentence,
    /// In another language.
    Drifted,
    /// The same over and over.
    Loop,
    /// Numbered, lettered or bulleted lines.
    List,
    /// Tags, rules, gaps to fill in.
    Markup,
}

impl Category {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sentence => "sentence",
            Self::Drifted => "drifted",
            Self::Loop => "loop",
            Self::List => "list",
            Self::Markup => "markup",
        }
    }
}

/// All of them.
///
/// # Errors
/// The program was built with a broken file.
pub fn completions() -> Result<Vec<Completion>, serde_json::Error> {
    include_str!("completions.jsonl")
        .lines()
        .map(serde_json::from_str)
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_and_category_occurs() {
        let all = completions().unwrap();
        let languages: BTreeSet<Language> = all.iter().map(|one| one.language).collect();
        let categories: BTreeSet<Category> = all.iter().map(|one| one.category).collect();
        assert_eq!((languages.len(), categories.len()), (7, 5));
    }
}
