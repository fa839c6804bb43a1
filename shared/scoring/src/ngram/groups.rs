//! Names of groups of people that are often attacked: no insults, but what stands around them
//! tells praise from contempt.

use std::sync::LazyLock;

use protocol::language::Language;

use crate::lexicon::WordList;

/// The names in a language.
pub fn groups(language: Language) -> &'static WordList {
    macro_rules! list {
        ($file:literal) => {{
            static LIST: LazyLock<WordList> =
                LazyLock::new(|| WordList::parse(include_str!($file)).unwrap_or_default());
            &LIST
        }};
    }
    match language {
        Language::Ar => list!("groups/ar.txt"),
        Language::De => list!("groups/de.txt"),
        Language::En => list!("groups/en.txt"),
        Language::Es => list!("groups/es.txt"),
        Language::Hi => list!("groups/hi.txt"),
        Language::Ru => list!("groups/ru.txt"),
        Language::Zh => list!("groups/zh.txt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_list() {
        for language in Language::ALL {
            assert!(groups(language).len() >= 25, "{language}");
        }
    }
}
