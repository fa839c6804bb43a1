//! English, German and Spanish told apart by their commonest words: letter triples, which identify
//! long texts in many languages, leave most single sentences undecided.

use std::cmp::Reverse;
use std::sync::LazyLock;

use protocol::language::Language;
use rustc_hash::FxHashMap;
use whatlang::{Detector, Lang};

/// Words that only one of the three has.
const ENGLISH: &str = "the of and to is that it for you with his they be this are have from or \
    had by but what were we when your said there use each which she how their if up other about \
    out many then them these some her would make like into time could see than been who its now \
    my down did get made may it's i'm don't you're can't not do just because people why don \
    does ain our us really going want know think should where over only any even very much here \
    after being those im dont";
const GERMAN: &str = "der und den von zu das mit sich des auf für ist im dem nicht ein eine als \
    auch es er hat aus bei sie nach wird wie einer um haben diese einen einem eines zum zur \
    kann wenn nur noch werden bis vor durch oder über aber ich du wir ihr mich dich mir dir uns \
    euch mein dein sein kein keine sind bin bist wäre habe hast schon immer mehr doch weil dass \
    daß nichts alle alles hier jetzt wer wieder viel sehr muss müssen soll sollte würde etwas \
    damit dann sonst ja nein diesen dieser dieses ihre ihren beim";
const SPANISH: &str = "el la de que y los las del se por un una con para es lo como más pero \
    sus le ya o este sí porque esta entre cuando muy sobre también hasta hay donde quien desde \
    todo nos durante todos uno les ni contra otros ese eso ante ellos esto mí antes algunos qué \
    unos yo otro otras otra él tanto esa estos mucho quienes nada muchos cual poco ella estar \
    estas algunas algo nosotros mi mis tú te ti tu tus ellas eres soy son está están estoy fue \
    ser tiene tengo si al su usted ustedes así aquí ahora bien siempre puede hacer vez gente";

/// Words that are needed where the letter triples do not agree.
const ENOUGH: usize = 2;

static WORDS: LazyLock<FxHashMap<&str, Language>> = LazyLock::new(|| {
    [
        (Language::En, ENGLISH),
        (Language::De, GERMAN),
        (Language::Es, SPANISH),
    ]
    .into_iter()
    .flat_map(|(language, words)| words.split(' ').map(move |word| (word, language)))
    .collect()
});

/// The language whose words clearly outnumber those of `expected`; nothing where none does.
pub fn other_than(expected: Language, text: &str) -> Option<Language> {
    let mut counted = [Language::En, Language::De, Language::Es].map(|language| (0, language));
    let between = |character: char| !character.is_alphabetic() && !is_apostrophe(character);
    for word in text.split(between).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase().replace(is_apostrophe, "'");
        let Some(of) = WORDS.get(word.as_str()) else {
            continue;
        };
        for (count, _) in counted.iter_mut().filter(|(_, language)| language == of) {
            *count += 1;
        }
    }
    // Of equal ones the expected language first, so that it is kept.
    counted.sort_by_key(|(count, language)| (Reverse(*count), *language != expected));
    let [(most, found), (next, _), _] = counted;
    let clear = most >= ENOUGH && most > 2 * next;
    let agreed = most > next && by_triples(text) == Some(found);
    (found != expected && (clear || agreed)).then_some(found)
}

fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’')
}

/// The likeliest of the three by its letter triples, however unlikely.
pub fn by_triples(text: &str) -> Option<Language> {
    match Detector::with_allowlist(vec![Lang::Eng, Lang::Deu, Lang::Spa]).detect_lang(text)? {
        Lang::Eng => Some(Language::En),
        Lang::Deu => Some(Language::De),
        Lang::Spa => Some(Language::Es),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn everyday_sentences_are_told_apart() {
        let three = [Language::En, Language::De, Language::Es];
        for language in three {
            let clean = sample::clean(language);
            for expected in three {
                let found = clean.iter().map(|text| other_than(expected, text));
                let right = match language == expected {
                    true => found.filter(Option::is_none).count(),
                    false => found.filter(|found| *found == Some(language)).count(),
                };
                assert!(
                    right * 10 >= clean.len() * 9,
                    "{language} as {expected}: {right} of {}",
                    clean.len()
                );
            }
        }
    }
}
