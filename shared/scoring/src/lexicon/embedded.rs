//! The word lists that come with the program, written for it.

use std::sync::LazyLock;

use protocol::language::Language;

use super::list::WordList;

/// The list of a language as it is written.
pub fn embedded_text(language: Language) -> &'static str {
    match language {
        Language::Ar => include_str!("words/ar.txt"),
        Language::De => include_str!("words/de.txt"),
        Language::En => include_str!("words/en.txt"),
        Language::Es => include_str!("words/es.txt"),
        Language::Hi => include_str!("words/hi.txt"),
        Language::Ru => include_str!("words/ru.txt"),
        Language::Zh => include_str!("words/zh.txt"),
    }
}

/// The list of a language.
pub fn embedded(language: Language) -> &'static WordList {
    macro_rules! list {
        ($language:ident) => {{
            static LIST: LazyLock<WordList> = LazyLock::new(|| {
                WordList::parse(embedded_text(Language::$language)).unwrap_or_default()
            });
            &LIST
        }};
    }
    match language {
        Language::Ar => list!(Ar),
        Language::De => list!(De),
        Language::En => list!(En),
        Language::Es => list!(Es),
        Language::Hi => list!(Hi),
        Language::Ru => list!(Ru),
        Language::Zh => list!(Zh),
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
