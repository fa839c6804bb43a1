//! The word lists that come with the program, written for it.

use std::sync::LazyLock;

use protocol::language::Language;

use super::list::WordList;

/// The list of a language.
pub fn embedded(language: Language) -> &'static WordList {
    macro_rules! list {
        ($file:literal) => {{
            static LIST: LazyLock<WordList> =
                LazyLock::new(|| WordList::parse(include_str!($file)).unwrap_or_default());
            &LIST
        }};
    }
    match language {
        Language::Ar => list!("words/ar.txt"),
        Language::De => list!("words/de.txt"),
        Language::En => list!("words/en.txt"),
        Language::Es => list!("words/es.txt"),
        Language::Hi => list!("words/hi.txt"),
        Language::Ru => list!("words/ru.txt"),
        Language::Zh => list!("words/zh.txt"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::super::list::Category;
    use super::*;
    use crate::normalise::normalise;

    #[test]
    fn every_language_has_its_list() {
        for language in Language::ALL {
            assert!(embedded(language).len() >= 60, "{language}");
        }
        let counts = embedded(Language::En).count(&normalise("you are an idiot, shut up"));
        assert_eq!(counts[Category::Insult as usize].1, 1);
        assert_eq!(counts[Category::Hostile as usize].1, 1);
    }
}
