//! The languages of the evaluation sets.

use serde::{Deserialize, Serialize};

/// Direction in which a script is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Left to right.
    LeftToRight,
    /// Right to left.
    RightToLeft,
}

/// Writing systems that group the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptFamily {
    /// Arabic script.
    Arabic,
    /// Cyrillic script.
    Cyrillic,
    /// Devanagari script.
    Devanagari,
    /// Chinese characters.
    Han,
    /// Latin script.
    Latin,
}

/// The seven languages of "Breaking mBad!" (arXiv 2505.16722), by BCP-47 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the variants are the codes themselves
pub enum Language {
    Ar,
    De,
    En,
    Es,
    Hi,
    Ru,
    Zh,
}

impl Language {
    /// All of them, in the paper's column order.
    pub const ALL: [Language; 7] = [
        Language::Ar,
        Language::De,
        Language::En,
        Language::Es,
        Language::Hi,
        Language::Ru,
        Language::Zh,
    ];

    /// BCP-47 code.
    pub fn code(self) -> &'static str {
        match self {
            Language::Ar => "ar",
            Language::De => "de",
            Language::En => "en",
            Language::Es => "es",
            Language::Hi => "hi",
            Language::Ru => "ru",
            Language::Zh => "zh",
        }
    }

    /// The language's name in itself.
    pub fn endonym(self) -> &'static str {
        match self {
            Language::Ar => "العربية",
            Language::De => "Deutsch",
            Language::En => "English",
            Language::Es => "español",
            Language::Hi => "हिन्दी",
            Language::Ru => "русский",
            Language::Zh => "中文",
        }
    }

    /// The writing system it is grouped under.
    pub fn script(self) -> ScriptFamily {
        match self {
            Language::Ar => ScriptFamily::Arabic,
            Language::Hi => ScriptFamily::Devanagari,
            Language::Ru => ScriptFamily::Cyrillic,
            Language::Zh => ScriptFamily::Han,
            Language::De | Language::En | Language::Es => ScriptFamily::Latin,
        }
    }

    /// Reading direction of its script.
    pub fn direction(self) -> Direction {
        match self.script() {
            ScriptFamily::Arabic => Direction::RightToLeft,
            _ => Direction::LeftToRight,
        }
    }
}

/// A code that is none of the seven languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("language `{0}` is not supported; known are ar, de, en, es, hi, ru, zh")]
pub struct UnknownLanguage(pub String);

impl std::str::FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Language::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or_else(|| UnknownLanguage(code.to_owned()))
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}
