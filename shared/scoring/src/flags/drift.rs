//! Which language a text is in: its script first, and within the Latin script its letter triples.

use protocol::language::{Language, ScriptFamily};
use serde::{Deserialize, Serialize};
use whatlang::{Detector, Lang};

use super::function_words::{by_triples, other_than};

/// Letters that are needed before a claim within one script is made.
const ENOUGH_LETTERS: usize = 20;
/// Share of the letters that must be in one script for the text to be in it.
const MAJORITY: f64 = 0.5;

/// Why a text is taken for another language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// Most letters are of one script.
    Script,
    /// The script is right, the letter triples are another language's.
    Language,
    /// Too few letters to tell.
    Unknown,
}

/// What a text is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// One of the seven languages, if it is one.
    pub language: Option<Language>,
    /// ISO 639-3 code of what was found otherwise, or `und`.
    pub code: String,
    /// Share of the letters in the most frequent script.
    pub share: f64,
    /// What the finding rests on.
    pub kind: DriftKind,
}

impl Detected {
    /// Whether the text is in another language than `expected`; too little text is no drift.
    pub fn drifted_from(&self, expected: Language) -> bool {
        self.kind != DriftKind::Unknown && self.language != Some(expected)
    }
}

/// Finds the language of a text that should be in `expected`. Where the script allows several
/// languages and nothing speaks clearly against `expected`, it is that one.
pub fn detect(text: &str, expected: Language) -> Detected {
    let mut counts = [0_usize; 6];
    for character in text.chars().filter(|character| character.is_alphabetic()) {
        counts[script_of(character).map_or(5, |script| script as usize)] += 1;
    }
    let letters: usize = counts.iter().sum();
    let most = counts.iter().copied().max().unwrap_or_default();
    let share = most as f64 / letters.max(1) as f64;
    let unknown = |kind| Detected {
        language: None,
        code: "und".to_owned(),
        share,
        kind,
    };
    if letters < 2 || share < MAJORITY {
        return unknown(DriftKind::Unknown);
    }
    let scripts = [
        ScriptFamily::Arabic,
        ScriptFamily::Cyrillic,
        ScriptFamily::Devanagari,
        ScriptFamily::Han,
        ScriptFamily::Latin,
    ];
    let script = scripts
        .into_iter()
        .find(|script| counts[*script as usize] == most);
    let Some(script) = script else {
        return unknown(DriftKind::Script);
    };
    let of_script = |language: &Language| language.script() == script;
    let usual = Some(expected)
        .filter(of_script)
        .or_else(|| Language::ALL.into_iter().find(of_script));
    let found = |language: Option<Language>, code: &str, kind| Detected {
        language,
        code: code.to_owned(),
        share,
        kind,
    };
    if letters >= ENOUGH_LETTERS
        && let Some(info) = Detector::new().detect(text)
        && info.is_reliable()
    {
        return found(known(info.lang()), info.lang().code(), DriftKind::Language);
    }
    if script == ScriptFamily::Latin
        && let Some(language) = other_than(expected, text)
    {
        let kind = match expected.script() == script {
            true => DriftKind::Language,
            false => DriftKind::Script,
        };
        return found(Some(language), three_letters(language), kind);
    }
    match usual {
        // Latin letters with nothing to tell them apart may be of any of three languages.
        Some(language) if script == ScriptFamily::Latin && expected.script() != script => {
            let guess = by_triples(text).unwrap_or(language);
            found(Some(guess), three_letters(guess), DriftKind::Script)
        }
        Some(language) => found(Some(language), three_letters(language), DriftKind::Script),
        None => unknown(DriftKind::Script),
    }
}

/// Finds the language of a text of which nothing is known: one of the seven, or the English name of
/// another. Nothing where there are too few letters to tell.
pub fn identify(text: &str) -> Result<Language, Option<&'static str>> {
    let Some(info) = Detector::new().detect(text) else {
        return Err(None);
    };
    match known(info.lang()) {
        Some(language) => Ok(language),
        None if info.is_reliable() => Err(Some(info.lang().eng_name())),
        // A guess that is no more than one: rather one of the seven of that script.
        None => detect(text, Language::En).language.ok_or(None),
    }
}

fn known(lang: Lang) -> Option<Language> {
    Language::ALL
        .into_iter()
        .find(|language| three_letters(*language) == lang.code())
}

fn three_letters(language: Language) -> &'static str {
    match language {
        Language::Ar => "ara",
        Language::De => "deu",
        Language::En => "eng",
        Language::Es => "spa",
        Language::Hi => "hin",
        Language::Ru => "rus",
        Language::Zh => "cmn",
    }
}

fn script_of(character: char) -> Option<ScriptFamily> {
    Some(match character {
        'a'..='z'
        | 'A'..='Z'
        | '\u{c0}'..='\u{24f}'
        | '\u{1e00}'..='\u{1eff}'
        | 'ａ'..='ｚ'
        | 'Ａ'..='Ｚ' => ScriptFamily::Latin,
        '\u{400}'..='\u{52f}' => ScriptFamily::Cyrillic,
        '\u{600}'..='\u{77f}'
        | '\u{8a0}'..='\u{8ff}'
        | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}' => ScriptFamily::Arabic,
        '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' => ScriptFamily::Devanagari,
        character if crate::normalise::is_han(character) => ScriptFamily::Han,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn everyday_sentences_are_in_their_language() {
        for language in Language::ALL {
            let clean = sample::clean(language);
            let drifted = clean
                .iter()
                .filter(|text| detect(text, language).drifted_from(language))
                .count();
            assert!(
                drifted * 20 <= clean.len(),
                "{language}: {drifted} of {}",
                clean.len()
            );
        }
    }

    #[test]
    fn a_prompt_is_told_from_its_letters() {
        assert_eq!(identify("القاهرة هي عاصمة"), Ok(Language::Ar));
        assert_eq!(identify("今天天气很好"), Ok(Language::Zh));
        assert_eq!(
            identify("Nous allons demain au marché pour acheter des légumes et du fromage."),
            Err(Some("French"))
        );
        assert_eq!(identify("12 !"), Err(None));
    }

    #[test]
    fn another_script_or_language_is_drift() {
        let drifted =
            |text: &str, language: Language| detect(text, language).drifted_from(language);
        assert!(drifted("The weather is nice today.", Language::Zh));
        assert!(drifted("Сегодня хорошая погода.", Language::Ar));
        assert!(drifted(
            "Nous allons demain au marché pour acheter des légumes et du fromage.",
            Language::Es
        ));
        assert_eq!(
            detect(
                "Nous allons demain au marché pour acheter des légumes et du fromage.",
                Language::Es
            )
            .language,
            None
        );
        assert!(
            !drifted("ok", Language::De),
            "too short to tell within one script"
        );
        assert!(!drifted("42 !!", Language::De));
        assert!(drifted(
            "これはテストです。カタカナとひらがな。",
            Language::Zh
        ));
    }
}
