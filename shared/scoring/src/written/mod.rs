//! Sentences written for training the `ngram` scorer, as patterns with places for names of groups
//! and insults: what labelled posts lack, such as denial, quotation, praise, plain news, and
//! contempt without a rude word.

use std::collections::BTreeMap;

use protocol::language::Language;

use crate::ngram::Hash;

/// Sentences made from one pattern at most.
const PER_PATTERN: usize = 8;

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The sentence.
    pub text: String,
    /// Whether it is toxic.
    pub toxic: bool,
    /// Number of its pattern.
    pub pattern: usize,
}

/// Why a file of patterns cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// Neither `[toxic]` nor `[clean]` stands before it.
    #[error("line {0}: a pattern before [toxic] or [clean]")]
    NoLabel(usize),
    /// A place for which there are no words.
    #[error("line {line}: there is no @{name}")]
    NoWords {
        /// Line, from 1.
        line: usize,
        /// The place.
        name: String,
    },
}

/// The sentences of a language.
///
/// # Errors
/// As [`WrittenError`] says, if the program was built with a broken file.
pub fn examples(language: Language) -> Result<Vec<Written>, WrittenError> {
    parse(match language {
        Language::Ar => include_str!("ar.txt"),
        Language::De => include_str!("de.txt"),
        Language::En => include_str!("en.txt"),
        Language::Es => include_str!("es.txt"),
        Language::Hi => include_str!("hi.txt"),
        Language::Ru => include_str!("ru.txt"),
        Language::Zh => include_str!("zh.txt"),
    })
}

/// Fills the patterns. A line `@name = a | b` gives the words for `{name}`, `[toxic]` and `[clean]`
/// say what the patterns below them are, `#` begins a remark.
///
/// # Errors
/// As [`WrittenError`] says.
pub fn parse(text: &str) -> Result<Vec<Written>, WrittenError> {
    let mut words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut label = None;
    let mut written = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, list)) = line.strip_prefix('@').and_then(|line| line.split_once('=')) {
            words.insert(name.trim(), list.split('|').map(str::trim).collect());
        } else if line == "[toxic]" || line == "[clean]" {
            label = Some(line == "[toxic]");
        } else {
            let toxic = label.ok_or(WrittenError::NoLabel(number))?;
            let mut texts: Vec<String> = Vec::new();
            for variant in 0..PER_PATTERN {
                let text = fill(line, variant, &words)
                    .map_err(|name| WrittenError::NoWords { line: number, name })?;
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            written.extend(texts.into_iter().map(|text| Written {
                text,
                toxic,
                pattern: number,
            }));
        }
    }
    Ok(written)
}

/// Chooses by hash: evenly, in no order, and always the same.
fn fill(
    pattern: &str,
    variant: usize,
    words: &BTreeMap<&str, Vec<&str>>,
) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        let list = words.get(name).ok_or_else(|| name.to_owned())?;
        let mut hash = Hash::new(variant as u32);
        pattern.chars().for_each(|character| hash.add(character));
        let seed = hash.finish() as usize + text.len();
        text.push_str(before);
        text.push_str(
            list.get(seed % list.len().max(1))
                .copied()
                .unwrap_or_default(),
        );
        rest = after;
    }
    Ok(text + rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn patterns_are_filled() {
        let text = "@who = cats | dogs\n[clean]\nI like {who}.\n[toxic]\nGo away.\n";
        let found = parse(text).unwrap();
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.len(), 3, "{texts:?}");
        assert!(texts.contains(&"I like cats.") && texts.contains(&"I like dogs."));
        assert!(found[2].toxic && !found[0].toxic);
        assert_eq!(parse("x").unwrap_err(), WrittenError::NoLabel(1));
        let error = parse("[clean]\n{x}").unwrap_err();
        assert_eq!(error.to_string(), "line 2: there is no @x");
    }

    #[test]
    fn every_language_has_both_kinds_and_none_of_the_sample() {
        for language in Language::ALL {
            let written = examples(language).unwrap();
            let toxic = written.iter().filter(|one| one.toxic).count();
            assert!(toxic >= 100 && written.len() - toxic >= 100, "{language}");
            let sample = sample::clean(language);
            assert!(
                written.iter().all(|one| !sample.contains(&one.text)),
                "{language}"
            );
        }
    }
}
