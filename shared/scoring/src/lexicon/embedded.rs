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
        let hits = embedded(Language::En).hits(&normalise("you are an idiot, shut up"));
        let categories: Vec<Category> = hits.iter().map(|hit| hit.category).collect();
        assert_eq!(categories, [Category::Insult, Category::Hostile]);
    }
}
